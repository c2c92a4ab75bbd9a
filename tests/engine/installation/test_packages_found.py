"""Packages in made-up folders on Python's path: version, place, origin, state, shadows."""

import importlib
import sys

import pytest
from land_subsidence.subsidence_plugin.engine.installation import places, shadows
from land_subsidence.subsidence_plugin.engine.installation.packages import (
    BROKEN,
    MISSING,
    OUTSIDE,
    READY,
    Package,
    inspect,
)
from land_subsidence.subsidence_plugin.engine.installation.places import Copy, copies, origin
from land_subsidence.subsidence_plugin.engine.installation.requirements import Requirement


@pytest.fixture
def install(tmp_path, monkeypatch):
    """``install("folder", "name", "1.2", code)`` puts a package into a folder on the path."""
    made = []

    def call(folder, name, version, code="", metadata=True):
        place = tmp_path / folder
        (place / name).mkdir(parents=True)
        (place / name / "__init__.py").write_text(code)
        if metadata:
            info = place / f"{name}-{version}.dist-info"
            info.mkdir()
            (info / "METADATA").write_text(
                f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
            )
        if str(place) not in sys.path:
            monkeypatch.setattr(sys, "path", [*sys.path, str(place)])
        made.append(name)
        importlib.invalidate_caches()
        return str(place)

    real = dict(sys.modules)
    yield call
    for name in made:
        sys.modules.pop(name, None)
        if name in real:  # GDAL's own package, say, must be the one that other tests hold
            sys.modules[name] = real[name]


def test_a_package_is_found_with_version_and_place(install):
    place = install("a", "subsone", "1.2.3")
    found = inspect(Requirement("subsone", ">=1.2"))
    assert (found.state, found.version, found.place, found.origin) == (
        READY, "1.2.3", place, places.OTHER,
    )  # fmt: skip
    assert found.line == f"subsone 1.2.3, another place: {place}"


def test_a_missing_one_says_what_it_is_for():
    found = inspect(Requirement("subsmissing", ">=3"))
    assert (found.state, found.version, found.place) == (MISSING, "", "")
    assert found.line == "subsmissing: missing (asked for: >=3); for the plugin"
    torch = Package(Requirement("torch", ">=2.8"), MISSING)
    assert torch.line == "torch: missing (asked for: >=2.8); for networks and forecasters"


def test_an_old_one_is_another_version_than_needed(install):
    install("a", "substwo", "0.9")
    found = inspect(Requirement("substwo", ">=1"))
    assert found.state == OUTSIDE
    assert found.line.endswith("; another version is needed (asked for: >=1)")


@pytest.mark.parametrize(
    "code",
    ["import nosuchmodule", "raise OSError('no c10.dll')", "raise ValueError('numpy.dtype size')"],
)
def test_one_that_does_not_load_is_broken_with_the_reason(install, code):
    install("a", "substhree", "2.0", code)
    found = inspect(Requirement("substhree", ">=1"))
    assert found.state == BROKEN and found.version == "2.0"
    assert code.split("'")[1 if "'" in code else 0][-5:] in found.reason
    assert "cannot be imported: " in found.line and "\n" not in found.line


def test_a_package_without_metadata_tells_its_version_itself(install):
    place = install("a", "subsfour", "", "__version__ = '7.1'", metadata=False)
    found = inspect(Requirement("subsfour", ">=7"))
    assert (found.state, found.version, found.place) == (READY, "7.1", place)


def test_all_copies_are_found_in_the_order_of_import(install, tmp_path, monkeypatch):
    first, second = install("a", "subsfive", "2.4.6"), install("b", "subsfive", "1.24.2")
    (tmp_path / "link").symlink_to(first)
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path / "link"), first])
    assert copies("subsfive") == [Copy("2.4.6", first), Copy("1.24.2", second)]


def test_remains_without_metadata_are_no_copy(install, tmp_path):
    place = install("a", "subssix", "1.0")
    (tmp_path / "a" / "subssix-0.9.dist-info").mkdir()  # as a failed upgrade leaves it
    assert copies("subssix") == [Copy("1.0", place)]


def test_origins(install, tmp_path, monkeypatch):
    beside = install("qgis-python", "osgeo", "3.6")
    monkeypatch.setattr(places, "qgis_folders", lambda: [beside])
    monkeypatch.setattr(places.site, "getusersitepackages", lambda: str(tmp_path / "user"))
    venv = tmp_path / "venv"
    (venv / "lib" / "python3.11" / "site-packages").mkdir(parents=True)
    (venv / "pyvenv.cfg").write_text("")
    assert origin(beside) == places.QGIS
    assert origin(str(venv / "lib" / "python3.11" / "site-packages")) == places.VENV
    assert origin(str(tmp_path / "user")) == places.USER
    assert origin(str(tmp_path / "else")) == places.OTHER


def test_a_package_set_to_none_has_no_home(monkeypatch):
    monkeypatch.setitem(sys.modules, "subsnone", None)
    assert places.home_of("subsnone") is None
    assert places.home_of("sys") is None
    assert places.home_of("subsmissing") is None


QGIS_NUMPY = Copy("1.24.2", "/qgis")


def numpy(*found, version=None, state=READY, name="numpy"):
    first = found[0] if found else Copy("", "")
    return Package(
        Requirement(name), state, version or first.version, first.folder, "", "", tuple(found)
    )


@pytest.fixture
def beside_qgis(monkeypatch):
    monkeypatch.setattr(places, "qgis_folders", lambda: ["/qgis"])


def test_one_numpy_is_no_problem_and_is_held(beside_qgis):
    found = [numpy(QGIS_NUMPY), numpy(Copy("1.10.1", "/qgis"), name="scipy"), numpy(name="torch")]
    assert shadows.shadow_problems(found) == []
    assert shadows.constraints(found) == ["numpy==1.24.2", "scipy==1.10.1"]


def test_a_numpy_before_that_of_qgis_is_named_and_that_of_qgis_is_held(beside_qgis):
    found = [numpy(Copy("2.4.6", "/user"), QGIS_NUMPY)]
    (problem,) = shadows.shadow_problems(found)
    assert problem.startswith(
        "numpy 2.4.6 in /user stands before QGIS's numpy 1.24.2 in /qgis, which GDAL's"
    )
    assert shadows.constraints(found) == ["numpy==1.24.2"]


def test_where_gdal_lies_elsewhere_the_last_copy_is_that_of_qgis(monkeypatch):
    monkeypatch.setattr(places, "qgis_folders", lambda: ["/none"])
    found = [numpy(Copy("2.4.6", "/user"), QGIS_NUMPY)]
    assert "QGIS's numpy 1.24.2 in /qgis" in shadows.shadow_problems(found)[0]


@pytest.mark.parametrize("second", [Copy("2.4.6", "/user"), Copy("1.24.2", "/user")])
def test_a_copy_behind_that_of_qgis_or_of_its_version_does_no_harm(beside_qgis, second):
    assert shadows.shadow_problems([numpy(QGIS_NUMPY, second)]) == []
    if second.version == "1.24.2":
        assert shadows.shadow_problems([numpy(second, QGIS_NUMPY)]) == []


def test_a_numpy_exchanged_while_qgis_runs_is_named(beside_qgis):
    (problem,) = shadows.shadow_problems([numpy(Copy("1.26.0", "/qgis"), version="1.24.2")])
    assert problem.startswith("numpy 1.24.2 runs, but 1.26.0 is installed in /qgis")
    moved = Package(Requirement("numpy"), READY, "1.24.2", "/old", "", "", (QGIS_NUMPY,))
    (problem,) = shadows.shadow_problems([moved])
    assert problem.startswith("numpy 1.24.2 was imported from /old, but now 1.24.2 in /qgis")


def test_a_numpy_that_gdal_refuses_is_named_and_not_held(beside_qgis):
    found = [numpy(Copy("2.4.6", "/qgis")), numpy(Copy("1.10.1", "/qgis"), name="scipy")]
    (problem,) = shadows.shadow_problems(found, "ImportError: _ARRAY_API not found")
    assert "numpy 2.4.6 in /qgis (ImportError: _ARRAY_API not found)" in problem
    assert shadows.constraints(found, "fault") == ["numpy<2", "scipy==1.10.1"]
    old = [numpy(Copy("1.20", "/qgis"))]
    assert shadows.constraints(old, "fault") == []


def test_a_missing_scipy_is_left_to_pip(beside_qgis):
    assert shadows.constraints([numpy(QGIS_NUMPY), Package(Requirement("scipy"), MISSING)]) == [
        "numpy==1.24.2"
    ]
