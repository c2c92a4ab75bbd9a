"""The whole check with made-up packages and devices; the page; nothing is installed."""

import builtins
import re
import sys
from types import SimpleNamespace

import pytest
from land_subsidence.subsidence_plugin.engine.errors import Cancelled, MissingPackageError
from land_subsidence.subsidence_plugin.engine.installation import check as checking
from land_subsidence.subsidence_plugin.engine.installation import computer, places
from land_subsidence.subsidence_plugin.engine.installation.computer import Device
from land_subsidence.subsidence_plugin.engine.installation.packages import MISSING, READY, Package
from land_subsidence.subsidence_plugin.engine.installation.page import installation_page
from land_subsidence.subsidence_plugin.engine.installation.places import Copy
from land_subsidence.subsidence_plugin.engine.installation.requirements import Requirement
from land_subsidence.subsidence_plugin.engine.installation.target import Target
from land_subsidence.subsidence_plugin.engine.jobs import run_job
from land_subsidence.subsidence_plugin.engine.needs import need
from land_subsidence.subsidence_plugin.engine.progress import Progress


@pytest.fixture
def made_up(monkeypatch):
    """``made_up(torch=None, numpy=("2.4.6", "1.24.2"))``: versions; None is missing."""
    monkeypatch.setattr(places, "qgis_folders", lambda: ["/qgis"])
    monkeypatch.setattr(checking, "nvidia_driver", lambda: False)
    monkeypatch.setattr(checking, "find_device", lambda: Device("CPU, 8 cores", "bfloat16 is fast"))
    pip = Target("a <test>", ("/usr/bin/python3", "-m", "pip"), ("--user",), notes=("Know & see.",))
    monkeypatch.setattr(checking, "find_target", lambda: pip)

    def call(**versions):
        def inspect(requirement):
            given = versions.get(requirement.name, "99.0")
            if given is None:
                return Package(requirement, MISSING)
            several = given if isinstance(given, tuple) else (given,)
            folders = ["/user", "/qgis"] if len(several) > 1 else ["/qgis"]
            found = tuple(Copy(v, f) for v, f in zip(several, folders))
            return Package(requirement, READY, several[0], found[0].folder, places.OTHER, "", found)

        monkeypatch.setattr(checking, "inspect", inspect)

    return call


def run(**arguments):
    said = []
    progress = Progress(on_message=lambda text, level: said.append((level, text)))
    return run_job("checkinstallation", arguments, progress), said


def test_everything_there(made_up):
    made_up(numpy="1.24.2", scipy="1.10.1")
    result, said = run(qgis="3.22.16-Test")
    assert result["MISSING"] == "" and result["WARNINGS"] == 0
    assert result["DEVICE"] == "CPU, 8 cores"
    assert result["PIP_LINE"].startswith(
        "/usr/bin/python3 -m pip install --user numpy==1.24.2 scipy==1.10.1 'torch>="
    )
    assert said[0][1].startswith("QGIS 3.22.16-Test, Python 3.")
    assert said[-1] == ("info", "All 11 packages can be used; nothing needs to be done.")
    assert ("info", result["PIP_LINE"]) in said  # alone in its line, to be copied


def test_missing_ones_are_named_with_what_they_are_for(made_up, monkeypatch):
    made_up(numpy="1.24.2", torch=None, optuna=None)
    monkeypatch.setattr(sys, "platform", "linux")
    result, said = run()
    assert result["MISSING"] == "torch, optuna"
    assert said[-1][1] == (
        "2 of 11 packages cannot be used: torch, optuna (for networks and forecasters; tuning)."
    )
    # Without an NVIDIA GPU PyTorch comes from the index of CPU builds.
    assert " --extra-index-url https://download.pytorch.org/whl/cpu " in result["PIP_LINE"]
    monkeypatch.setattr(checking, "nvidia_driver", lambda: True)
    assert "--extra-index-url" not in run()[0]["PIP_LINE"]


def test_windows_with_a_gpu_says_where_its_builds_are(made_up, monkeypatch):
    made_up(torch=None)
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(checking, "nvidia_driver", lambda: True)
    result, said = run()
    assert "--extra-index-url" not in result["PIP_LINE"]
    assert any("pytorch.org/get-started" in text for _, text in said)


def test_a_shadowing_numpy_is_a_warning(made_up):
    made_up(numpy=("2.4.6", "1.24.2"))
    result, said = run()
    (warning,) = [text for level, text in said if level == "warning"]
    assert "numpy 2.4.6 in /user stands before QGIS's numpy 1.24.2 in /qgis" in warning
    assert result["WARNINGS"] == 1 and result["MISSING"] == ""
    assert "numpy==1.24.2" in result["PIP_LINE"]
    assert ("info", "All 11 packages can be used, with a warning.") in said


def test_gdal_that_refuses_numpy_is_a_warning(made_up, monkeypatch):
    gdal = pytest.importorskip("osgeo.gdal_array")

    def refuse(array):
        raise ImportError("_ARRAY_API not\nfound")

    made_up(numpy="2.4.6")
    monkeypatch.setattr(gdal, "OpenArray", refuse)
    result, said = run()
    assert any(
        "(ImportError: _ARRAY_API not found)" in t for level, t in said if level == "warning"
    )
    assert "'numpy<2'" in result["PIP_LINE"]


def test_the_page_needs_no_package_and_escapes(made_up, tmp_path, monkeypatch):
    made_up(numpy="1.24.2", torch=None, jinja2=None)
    monkeypatch.setitem(sys.modules, "jinja2", None)
    report = tmp_path / "page é.html"
    result, _ = run(report=str(report))
    page = report.read_text(encoding="utf-8")
    (shown,) = re.findall(r"<pre[^>]*>(.*?)</pre>", page)
    assert (
        shown.replace("&gt;", ">").replace("&lt;", "<").replace("&#x27;", "'")
        == (result["PIP_LINE"])
    )
    assert "2 of 11 packages cannot be used: torch, jinja2" in page
    assert "Know &amp; see." in page and "<b>missing</b>" in page and "<style>" in page
    assert "CPU, 8 cores. bfloat16 is fast" in page


def test_the_table_has_a_row_a_package(made_up, tmp_path):
    pytest.importorskip("osgeo.ogr")
    made_up(numpy="1.24.2", torch=None)
    table = tmp_path / "t.csv"
    run(table=str(table))
    rows = [line.split(",") for line in table.read_text(encoding="utf-8").splitlines()]
    assert rows[0][:6] == ["package", "needed", "version", "state", "origin", "place"]
    assert len(rows) == 12
    by_name = {row[0]: row for row in rows}
    assert by_name["numpy"][:4] == ["numpy", "", "1.24.2", "ready"]
    assert by_name["torch"][:4] == ["torch", ">=2.8", "", "missing"]


def test_cancel_leaves_no_page(made_up, tmp_path):
    made_up()
    seen = []
    progress = Progress(seen.append, None, lambda: bool(seen) and seen[-1] > 0.4)
    with pytest.raises(Cancelled):
        run_job("checkinstallation", {"report": str(tmp_path / "r.html")}, progress)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_package_at_run_time_names_the_entry():
    with pytest.raises(MissingPackageError) as error:
        need("subsmissing", "to test")
    assert str(error.value) == (
        "The Python package 'subsmissing' is needed to test and cannot be imported (No module "
        "named 'subsmissing'); see 'Check installation' (menu Plugins > Land subsidence, or the "
        "Toolbox)."
    )


@pytest.mark.parametrize("kind", [OSError, ValueError])
def test_a_package_that_does_not_load_is_the_same_sentence(monkeypatch, tmp_path, kind):
    (tmp_path / "subsbroken.py").write_text(f"raise {kind.__name__}('no c10.dll')")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(MissingPackageError, match=r"imported \(no c10.dll\); see 'Check inst"):
        need("subsbroken", "to test")


class Cuda(SimpleNamespace):
    """Stands for ``torch.cuda`` of a computer with GPUs."""

    def is_available(self):
        return self.count > 0

    def device_count(self):
        return self.count

    def is_bf16_supported(self):
        return True

    def get_device_properties(self, index):
        return SimpleNamespace(name="NVIDIA H200", total_memory=int(139.5 * 2**30))


@pytest.fixture
def torch(monkeypatch):
    """``torch(count, built)``: a PyTorch that sees so many GPUs and is built for that CUDA."""

    def call(count, built="12.8", fault=None):
        def ones(*shape, device):
            if fault:
                raise RuntimeError(fault)
            return SimpleNamespace(sum=lambda: SimpleNamespace(item=lambda: 2.0))

        fake = SimpleNamespace(
            cuda=Cuda(count=count), cpu=SimpleNamespace(_is_amx_tile_supported=lambda: False),
            version=SimpleNamespace(cuda=built), ones=ones,
        )  # fmt: skip
        monkeypatch.setitem(sys.modules, "torch", fake)
        monkeypatch.setattr(computer, "cores", lambda: 4)
        monkeypatch.setattr(computer.os, "cpu_count", lambda: 16)

    return call


def test_a_gpu_is_told_with_its_memory(torch):
    torch(1)
    found = computer.find_device()
    assert found.text == "GPU NVIDIA H200, 139.5 GiB"
    assert found.bfloat16.startswith("bfloat16 is fast") and found.problems == ()
    torch(2)
    assert computer.find_device().text == "GPU NVIDIA H200, 139.5 GiB (the first of 2)"


def test_a_gpu_that_cannot_compute_is_a_problem(torch):
    torch(1, fault="no kernel image\nis available")
    found = computer.find_device()
    assert found.text == "CPU, 4 cores of 16"
    assert "cannot compute on it (no kernel image is available)" in found.problems[0]


def test_a_driver_beside_a_torch_for_the_cpu_is_a_problem(torch, monkeypatch):
    torch(0, built=None)
    monkeypatch.setattr(computer, "nvidia_driver", lambda: True)
    found = computer.find_device()
    assert found.bfloat16.startswith("bfloat16 is not fast")
    assert found.problems == (computer.UNUSED_GPU,)
    monkeypatch.setattr(computer, "nvidia_driver", lambda: False)
    assert computer.find_device().problems == ()


def test_without_torch_the_device_is_the_cpu(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    found = computer.find_device()
    assert found.text.startswith("CPU, ") and "only with PyTorch" in found.bfloat16


def test_the_check_itself_needs_none_of_the_packages(monkeypatch):
    """Rooms that the check imports must not need what it is to find missing."""
    real, asked = builtins.__import__, set()

    def watched(name, *rest, **options):
        asked.add(name.split(".")[0])
        return real(name, *rest, **options)

    monkeypatch.setattr(builtins, "__import__", watched)
    found = checking.Installation(
        "x", [Package(Requirement("torch"), MISSING)], [], Device("CPU", "b"),
        Target("t", ("python",)), "line", [],
    )  # fmt: skip
    assert "torch" in installation_page(found)
    assert not asked & {"torch", "jinja2", "matplotlib", "numba", "sklearn"}
