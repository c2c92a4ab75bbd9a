"""The check as an HTML page, written without Jinja2, which may be what is missing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from pathlib import Path

from .check import Installation
from .packages import MISSING, READY

TEMPLATE = Path(__file__).resolve().parents[3] / "resources" / "report.html"
HEADS = ("Package", "Needed", "Version", "State", "From", "Place", "Used for")
PRE = "white-space: pre-wrap; background-color: #f2f5f7; padding: 10px; font-size: 13px"


def installation_page(found: Installation) -> str:
    """Return the page, in the style of the reports; draws in QGIS's viewer as well."""
    parts = [
        "<h1>Installation of Land Subsidence</h1>",
        f'<table class="lead" width="100%" cellspacing="0"><tr><td>{escape(found.lead)}</td></tr>'
        "</table>",
        *(f"<p><b>Warning:</b> {escape(problem)}</p>" for problem in found.problems),
        "<h2>Packages</h2>",
        _table(found),
        "<h2>Device</h2>",
        f"<p>{escape(found.device.text)}. {escape(found.device.bfloat16)}</p>",
        "<h2>Installing packages</h2>",
        f"<p>{escape(found.todo)}</p>",
        f'<pre style="{PRE}">{escape(found.pip_line)}</pre>',
        "<p>It leaves installed packages as they are where they will do, and keeps QGIS's numpy "
        "and scipy.</p>",
        *(f"<p>{escape(note)}</p>" for note in found.notes),
        f'<p class="caption">{escape(found.system)}.</p>',
    ]
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f"<title>Installation of Land Subsidence</title>\n{_style()}\n</head>\n<body>\n"
        + "\n".join(parts)
        + "\n</body>\n</html>\n"
    )


def _table(found: Installation) -> str:
    head = "".join(f'<th align="left">{text}</th>' for text in HEADS)
    rows = []
    for p in found.packages:
        state = escape(p.state) if p.state == READY else f"<b>{escape(p.state)}</b>"
        if p.reason:
            state += f"<br>{escape(p.reason)}"
        version = "" if p.state == MISSING else p.version
        cells = [p.name, p.requirement.bounds, version, p.origin, p.place, p.purpose]
        shown = [escape(cell) or "–" for cell in cells]
        rows.append(_row([*shown[:3], state, *shown[3:]]))
    return (
        '<div class="wide"><table class="data dense" cellspacing="0" cellpadding="3">'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n" + "\n".join(rows) + "\n</tbody></table></div>"
    )


def _row(cells: Sequence[str]) -> str:
    return "<tr>" + "".join(f'<td align="left">{cell}</td>' for cell in cells) + "</tr>"


def _style() -> str:
    """Return the style of the reports, from their template."""
    match = re.search(r"<style>.*?</style>", TEMPLATE.read_text(encoding="utf-8"), re.DOTALL)
    return match[0] if match else ""
