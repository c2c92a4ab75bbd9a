"""Rules of the house that a reader would have to check by eye: imports, size, metadata."""

import ast
import configparser
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ENGINE = ROOT / "subsidence_plugin" / "engine"
SHIPPED = [
    path
    for folder in ("algorithms", "subsidence_plugin")
    for path in sorted((ROOT / folder).rglob("*.py"))
] + [ROOT / "__init__.py"]
ROOMS_WITH_GDAL = {"raster", "vector", "jobs"}
HEAVY = {
    "torch", "sklearn", "shap", "optuna", "jenkspy", "matplotlib", "scipy", "numba", "safetensors",
    "jinja2", "pandas",
}  # fmt: skip


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imported(nodes) -> set:
    """Return the top names of absolute imports among ``nodes``."""
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add(node.module.split(".")[0])
    return found


def outside_functions(tree: ast.Module):
    """Yield the nodes that run when the module is imported (not those of type checkers)."""
    waiting = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        yield node
        waiting.extend(ast.iter_child_nodes(node))


def names(paths):
    return [str(path.relative_to(ROOT)) for path in paths]


def test_there_is_something_to_check():
    assert len(SHIPPED) > 20


def test_engine_never_imports_qgis():
    wrong = [p for p in ENGINE.rglob("*.py") if imported(ast.walk(tree_of(p))) & {"qgis", "PyQt5"}]
    assert names(wrong) == []


def test_only_three_rooms_of_the_engine_import_gdal():
    wrong = [
        path
        for path in ENGINE.rglob("*.py")
        if path.relative_to(ENGINE).parts[0] not in ROOMS_WITH_GDAL
        and imported(ast.walk(tree_of(path))) & {"osgeo", "gdal", "ogr", "rasterio"}
    ]
    assert names(wrong) == []


def test_rooms_on_arrays_do_not_reach_gdal_through_another_room():
    wrong = []
    for path in ENGINE.rglob("*.py"):
        parts = path.relative_to(ENGINE).parts
        if parts[0] in ROOMS_WITH_GDAL:
            continue
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.ImportFrom) and node.level > 0:
                target = (node.module or node.names[0].name).split(".")[0]
                if node.level == len(parts) and target in ROOMS_WITH_GDAL:
                    wrong.append(path)
    assert names(wrong) == []


def test_nothing_heavy_is_imported_before_it_is_needed():
    wrong = {
        str(path.relative_to(ROOT)): sorted(heavy)
        for path in SHIPPED
        if (heavy := imported(outside_functions(tree_of(path))) & HEAVY)
    }
    assert wrong == {}


def test_imports_inside_the_package_are_relative():
    own = {"land_subsidence", "subsidence_plugin", "algorithms", "engine"}
    assert names(p for p in SHIPPED if imported(ast.walk(tree_of(p))) & own) == []


def test_packages_know_only_what_is_below_them():
    """``algorithms`` use ``subsidence_plugin``, which uses its ``engine``; never upwards."""
    wrong = [
        path
        for path in SHIPPED
        if "subsidence_plugin" in path.relative_to(ROOT).parts
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ImportFrom) and "algorithms" in (node.module or "").split(".")
    ]
    engine = [
        path
        for path in ENGINE.rglob("*.py")
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ImportFrom) and node.level > len(path.relative_to(ENGINE).parts)
    ]
    assert names(wrong + engine) == []


def test_no_file_executes_text_prints_asserts_or_unpickles():
    wrong = []
    for path in SHIPPED:
        for node in ast.walk(tree_of(path)):
            called = node.func.id if _is_call(node) else ""
            if isinstance(node, ast.Assert) or called in {"eval", "exec", "print", "compile"}:
                wrong.append(f"{path.relative_to(ROOT)}:{node.lineno}")
        pickles = {"pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve", "skops"}
        if imported(ast.walk(tree_of(path))) & pickles:
            wrong.append(f"{path.relative_to(ROOT)}: pickle")
    assert wrong == []


def _is_call(node) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name)


def test_pytorch_files_are_never_loaded_with_code_inside():
    wrong = [p for p in SHIPPED if re.search(r"\btorch\.load\(", p.read_text(encoding="utf-8"))]
    for path in wrong:
        assert "weights_only=True" in path.read_text(encoding="utf-8"), path


def test_gdal_exceptions_are_not_switched_on_for_all_of_qgis():
    text = "\n".join(path.read_text(encoding="utf-8") for path in SHIPPED)
    assert not re.search(r"^\s*(gdal|ogr|osr)\.UseExceptions\(", text, re.MULTILINE)


def test_files_are_small_rooms():
    lengths = {str(p.relative_to(ROOT)): len(p.read_text().splitlines()) for p in SHIPPED}
    assert {name: length for name, length in lengths.items() if length > 300} == {}


def test_every_module_says_what_it_is_for():
    assert names(p for p in SHIPPED if not ast.get_docstring(tree_of(p))) == []


def test_every_folder_of_modules_is_a_package():
    folders = {path.parent for path in SHIPPED}
    assert names(f for f in sorted(folders) if not (f / "__init__.py").exists()) == []


@pytest.fixture
def metadata():
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str
    with (ROOT / "metadata.txt").open(encoding="utf-8") as file:
        parser.read_file(file)
    return dict(parser["general"])


def test_metadata_is_complete(metadata):
    needed = {
        "name", "description", "about", "version", "qgisMinimumVersion", "author", "email",
        "repository", "tracker", "license", "icon", "category", "tags", "hasProcessingProvider",
    }  # fmt: skip
    assert needed - {key for key, value in metadata.items() if value.strip()} == set()
    assert re.fullmatch(r"\d+\.\d+\.\d+", metadata["version"])
    assert metadata["hasProcessingProvider"] == "yes"
    assert metadata["qgisMinimumVersion"] == "3.22"
    assert (ROOT / metadata["icon"]).is_file()
    assert "plugin" not in metadata["name"].lower()


def test_icons_and_styles_are_well_formed_and_name_no_place_outside():
    from xml.etree import ElementTree

    files = [*(ROOT / "resources").rglob("*.svg"), *(ROOT / "resources").rglob("*.qml")]
    assert files
    for path in files:
        text = path.read_text(encoding="utf-8")
        ElementTree.fromstring(text)
        assert not re.search(r"/(home|tmp|work|root)/", text), path
