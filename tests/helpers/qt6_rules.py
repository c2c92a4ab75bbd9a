"""What Qt 6 and QGIS 4 removed, and what QGIS 3.22 lacks, found in a file's text.

``removed_names`` needs no QGIS. ``enum_findings`` asks the classes of the running QGIS: an enum
that PyQt 5 also offers in short (``Qt.AlignLeft``, ``QgsWkbTypes.Point``) is an error in Qt 6.
"""

import ast
import enum
import importlib
import importlib.util
import re
import sys

#: Whole modules that are gone, or that only one of the two Qt versions has.
MODULES = {
    "PyQt5": "import from qgis.PyQt", "PyQt6": "import from qgis.PyQt",
    "PySide2": "import from qgis.PyQt", "PySide6": "import from qgis.PyQt",
    "sip": "import sip from qgis.PyQt", "resources_rc": "load icons by their path",
    "qgis.PyQt.QtWebKit": "gone", "qgis.PyQt.QtWebKitWidgets": "gone",
    "qgis.PyQt.QtScript": "gone", "qgis.PyQt.QtXmlPatterns": "gone",
    "qgis.PyQt.QtMultimedia": "not in every QGIS", "qgis.PyQt.QtOpenGL": "changed",
}  # fmt: skip
#: Classes and functions that are gone, with what does their work now.
NAMES = {
    "QRegExp": "QRegularExpression", "QRegExpValidator": "QRegularExpressionValidator",
    "QDesktopWidget": "QScreen", "QTextCodec": "QStringConverter", "QMatrix": "QTransform",
    "QStringRef": "str", "QGLWidget": "QOpenGLWidget", "QPicture": "QImage", "qApp": "instance()",
    "QStringList": "list", "QString": "str",
}  # fmt: skip
#: Packages whose names are looked up.
QT = {"qgis", "PyQt6"}
#: Classes that are in QtWidgets in Qt 5; QGIS's own qgis.PyQt.QtWidgets has them in both.
IN_WIDGETS = {"QAction", "QActionGroup", "QShortcut", "QUndoCommand", "QUndoGroup", "QUndoStack"}
#: Methods that are gone, with what does their work now.
METHODS = {
    "exec_": "exec", "print_": "print", "desktop": "QScreen", "globalPos": "globalPosition",
    "globalX": "globalPosition", "globalY": "globalPosition", "localPos": "position",
    "windowPos": "scenePosition", "screenPos": "globalPosition",
    "viewOptions": "initViewItemOption", "setResizeMode": "setSectionResizeMode",
    "setCodec": "setEncoding", "toTime_t": "toSecsSinceEpoch", "setTime_t": "setSecsSinceEpoch",
    "fromTime_t": "fromSecsSinceEpoch", "setTabStopWidth": "setTabStopDistance",
    "numCopies": "copyCount", "getContentsMargins": "contentsMargins",
}  # fmt: skip


def removed_names(text: str) -> list:
    """Return ``line: what`` for each name in a file's text that Qt 6 or QGIS 4 has no more."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found += [_of_module(node, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.append(_of_module(node, node.module))
            found += [_of_import(node, alias.name) for alias in node.names]
        elif isinstance(node, ast.Name) and node.id in NAMES:
            found.append(f"{node.lineno}: {node.id} (now: {NAMES[node.id]})")
        elif isinstance(node, ast.Attribute):
            found.append(_of_attribute(node))
    return sorted(set(filter(None, found)))


def _of_module(node, module: str) -> str:
    for gone, instead in MODULES.items():
        if module == gone or module.startswith(f"{gone}."):
            return f"{node.lineno}: {module} ({instead})"
    return ""


def _of_import(node, name: str) -> str:
    if node.module == "qgis.PyQt.QtGui" and name in IN_WIDGETS:
        return f"{node.lineno}: {name} from QtGui (now: from qgis.PyQt.QtWidgets)"
    if name in NAMES:
        return f"{node.lineno}: {name} (now: {NAMES[name]})"
    return _of_module(node, f"{node.module}.{name}")


def _of_attribute(node: ast.Attribute) -> str:
    if node.attr in NAMES:
        return f"{node.lineno}: .{node.attr} (now: {NAMES[node.attr]})"
    if node.attr in METHODS:
        return f"{node.lineno}: .{node.attr} (now: {METHODS[node.attr]})"
    if _last(node.value) == "QVariant" and node.attr[0].isupper():
        return f"{node.lineno}: QVariant.{node.attr} (now: QMetaType; ask for what this QGIS has)"
    return ""


def metadata_findings(text: str) -> list:
    """Return what a ``metadata.txt`` says that QGIS 4 refuses or warns of."""
    found = []
    if re.search(r"^supportsQt6", text, re.MULTILINE | re.IGNORECASE):
        found.append("supportsQt6 is no more; qgisMaximumVersion=4.99 says it")
    if not re.search(r"^qgisMaximumVersion=4\.", text, re.MULTILINE):
        found.append("without qgisMaximumVersion=4.99 QGIS 4 does not load the plugin")
    return found


def imported_classes(tree: ast.Module) -> dict:
    """Return the classes that a file imports from QGIS or Qt, by the name they have in it."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "qgis":
            try:
                module = importlib.import_module(node.module)
            except ModuleNotFoundError:  # QGIS, where PyQt 6 alone is asked
                continue
            for alias in node.names:
                value = getattr(module, alias.name, None)
                if isinstance(value, type):
                    found[alias.asname or alias.name] = value
    return found


def short_forms(classes) -> dict:
    """Return the enum's own name by the name of each member that PyQt 5 has in short.

    ``{"AlignLeft": {"AlignmentFlag"}}`` for ``Qt``: both ``Qt.AlignLeft`` and
    ``Qt.AlignmentFlag.AlignLeft`` work in PyQt 5, only the second in PyQt 6.
    """
    found = {}
    for owner in classes:
        for name in dir(owner):
            try:
                kind = type(getattr(owner, name))
            except Exception:  # a property of QGIS that needs an instance
                continue
            is_enum = issubclass(kind, (int, enum.Enum)) and kind not in (int, bool)
            if is_enum and not name.startswith("_"):
                found.setdefault(name, set()).add(kind.__name__)
    return found


def enum_findings(text: str) -> list:
    """Return ``line: what`` for short enums, and for names that the running QGIS lacks."""
    tree = ast.parse(text)
    known = imported_classes(tree)
    members = short_forms(known.values())
    known.update(_aliases(tree, known))
    found = _missing_imports(tree)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute):
            continue
        kinds = members.get(node.attr, set())
        if kinds and not _is_long(node, kinds, known):
            found.append(f"{node.lineno}: {ast.unparse(node)} (long: {'/'.join(sorted(kinds))})")
        elif missing := _missing(node, known):
            found.append(f"{node.lineno}: this QGIS has no {missing}")
    return sorted(set(found))


def _missing_imports(tree: ast.Module) -> list:
    """Return the names that a file imports from a module that has no such name."""
    found = []
    for node in ast.walk(tree):
        module = sys.modules.get(getattr(node, "module", None))
        if isinstance(node, ast.ImportFrom) and module and module.__name__.split(".")[0] in QT:
            found += [
                f"{node.lineno}: {node.module} has no {alias.name}"
                for alias in node.names
                if not hasattr(module, alias.name) and not _is_module(module, alias.name)
            ]
    return found


def _is_module(package, name: str) -> bool:
    """Return whether a package has a module of this name, imported before or not."""
    return hasattr(package, "__path__") and bool(
        importlib.util.find_spec(f"{package.__name__}.{name}")
    )


def _is_long(node: ast.Attribute, kinds: set, known: dict) -> bool:
    """Return whether a member's name stands behind its enum's, or is itself a class's."""
    owner = _value(node.value, known)
    if isinstance(owner, type):
        return issubclass(owner, (int, enum.Enum)) or isinstance(_value(node, known), type)
    return _last(node.value) in kinds


def _last(node) -> str:
    """Return the last word of a dotted name, ``""`` of anything else."""
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _aliases(tree: ast.Module, known: dict) -> dict:
    """Return the classes and enums that a file gives a name of its own: ``kind = Number.Type``."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            value = _value(node.value, {**known, **found})
            if isinstance(value, type):
                found[node.targets[0].id] = value
    return found


def _parts(node) -> list:
    """Return the words of a dotted name, the first ``""`` where it does not begin with a name."""
    if isinstance(node, ast.Attribute):
        return [*_parts(node.value), node.attr]
    return [getattr(node, "id", "")]


def _value(node, known: dict):
    """Return what a dotted name below a known class is, ``None`` where there is no such."""
    first, *rest = _parts(node)
    value = known.get(first)
    for part in rest:
        value = getattr(value, part, None)
    return value


def _missing(node: ast.Attribute, known: dict) -> str:
    """Return the word that a known class lacks; what comes behind it is not looked at."""
    first, *rest = _parts(node)
    owner = _value(node.value, known) if first in known else None
    if isinstance(owner, type) and not hasattr(owner, node.attr):
        return f"{first}.{'.'.join(rest)}"
    return ""
