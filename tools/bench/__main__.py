"""Run every bench, print one table, write build/bench.json.

A missed target is marked and counted but is no error: times vary from machine to machine.
"""

import importlib
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from checkout import load

BENCHES = (
    "startup",
    "jenks",
    "terrain",
    "sampling",
    "training",
    "prediction",
    "explanation",
    "applicability",
    "tuning",
    "gridding",
    "uncertainty",
    "insar",
    "forecasting",
)


def main(names: list[str]) -> int:
    root = load()
    rows = []
    for name in names or BENCHES:
        for row in importlib.import_module(name).bench():
            rows.append({"bench": name, **row})
            print(line(rows[-1]), flush=True)
    target = root / "build" / "bench.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(rows, indent=1), encoding="utf-8")
    missed = [row["name"] for row in rows if row.get("ok") is False]
    print(f"\n{len(rows)} figures in {target.relative_to(root)}; targets missed: {len(missed)}")
    for name in missed:
        print(f"  {name}")
    return 0


def line(row: dict) -> str:
    value = row["value"]
    shown = f"{value:,.4g}" if isinstance(value, float) else str(value)
    mark = {True: "ok", False: "MISSED"}.get(row.get("ok"), "")
    bench, name, unit = row["bench"], row["name"], row.get("unit") or ""
    return f"{bench:14}{name[:86]:87}{shown:>12} {unit:12}{row.get('target') or '':22}{mark}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
