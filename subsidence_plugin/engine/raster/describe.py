"""What samples keep of the stack that they were taken from."""

from __future__ import annotations

import json

from .read import Raster


def stack_metadata(stack: Raster) -> dict[str, str]:
    """Return names, kinds and CRS of a stack, and the rules of a class stack, as layer metadata."""
    is_classes = stack.metadata.get("SUBSIDENCE_KIND") == "class_stack"
    metadata = {
        "factors": as_json(stack.names),
        "kinds": as_json({b.name: "classes" if is_classes else b.kind for b in stack.bands}),
        "SUBSIDENCE_SOURCE": stack.path,
        "stack_kind": stack.metadata.get("SUBSIDENCE_KIND", ""),
        "crs": stack.grid.crs,
    }
    if is_classes:
        own = {b.name: stack.dataset.GetRasterBand(b.index).GetMetadata() for b in stack.bands}
        rules = {name: json.loads(m["rule"]) for name, m in own.items() if m.get("rule")}
        classes = {name: int(m["classes"]) for name, m in own.items() if m.get("classes")}
        metadata.update({"rules": as_json(rules), "classes": as_json(classes)})
    return metadata


def as_json(value: object) -> str:
    """Return JSON that keeps letters as they are."""
    return json.dumps(value, ensure_ascii=False)
