"""Every report of the code base gives captions, the data of its figures, and its facts."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
REPORT = ROOT / "subsidence_plugin" / "engine" / "report"
MACHINERY = {"html.py", "sections.py"}
FILES = sorted(path for path in REPORT.glob("*.py") if path.name not in MACHINERY)


def calls(path, name):
    """Yield the calls of what the file imports from the page's machinery as ``name``."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module in ("html", "sections")
        for alias in node.names
        if alias.name == name
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id in imported:
                yield node


def argument(call, place, name):
    """Return an argument given by place or name; an empty text counts as none."""
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    found = call.args[place] if len(call.args) > place else given.get(name)
    return None if isinstance(found, ast.Constant) and not found.value else found


def lacking(kind, place, name):
    return [
        f"{path.name}:{call.lineno} {kind} without {name}"
        for path in FILES
        for call in calls(path, kind)
        if argument(call, place, name) is None
    ]


def test_there_are_reports_to_check():
    assert sum(1 for path in FILES for _ in calls(path, "write_report")) >= 3
    assert sum(1 for path in FILES for _ in calls(path, "Figure")) >= 5


@pytest.mark.parametrize(
    ("kind", "place", "name"),
    [("Figure", 1, "caption"), ("Figure", 2, "data"), ("Figure", 3, "name"),
     ("Table", 2, "caption"), ("write_report", 3, "lead"), ("write_report", 4, "facts")],
)  # fmt: skip
def test_every_call_gives(kind, place, name):
    assert lacking(kind, place, name) == []


def test_no_report_draws_with_pyplot():
    wrong = [path.name for path in REPORT.glob("*.py") if "pyplot as" in path.read_text("utf-8")]
    assert wrong == []


def test_the_walk_itself_finds_what_is_missing(tmp_path):
    file = tmp_path / "some_report.py"
    file.write_text(
        "from .html import Figure as F, Table\n"
        "F(figure, 'c')\nF(figure, '', data=d)\nTable(h, r)\nTable(h, r, caption='x')\n"
    )
    figures, tables = list(calls(file, "Figure")), list(calls(file, "Table"))
    assert [argument(call, 2, "data") is None for call in figures] == [True, False]
    assert [argument(call, 1, "caption") is None for call in figures] == [False, True]
    assert [argument(call, 2, "caption") is None for call in tables] == [True, False]
