"""Outputs stand whole under their final names, or not at all."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from land_subsidence.subsidence_plugin.engine.errors import OutputError
from land_subsidence.subsidence_plugin.engine.outputs import Outputs

TESTS = Path(__file__).resolve().parents[1]


def write(path, text):
    Path(path).write_text(text, encoding="utf-8")


def names(folder):
    return sorted(p.name for p in folder.iterdir())


def child(code, *arguments):
    """Run ``code`` in a process of its own that knows our package."""
    start = f"import sys; sys.path.insert(0, {str(TESTS)!r}); import conftest\n"
    return subprocess.run(
        [sys.executable, "-c", start + textwrap.dedent(code), *map(str, arguments)],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


def test_outputs_and_their_sidecars_appear_together_at_the_end(tmp_path):
    target = str(tmp_path / "new" / "a.tif")
    with Outputs(target) as outputs:
        write(outputs.path(target), "data")
        write(Path(outputs.path(target)).with_suffix(".qml"), "style")
        assert Path(outputs.path(target)).name == "a.tif"
        assert not os.path.exists(target)
    assert names(tmp_path / "new") == ["a.qml", "a.tif"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_failure_leaves_nothing_and_keeps_what_was_there(tmp_path, error):
    target, other = str(tmp_path / "a.tif"), str(tmp_path / "b.csv")
    write(target, "old")
    with pytest.raises(error), Outputs(target, other) as outputs:
        write(outputs.path(target), "new")
        write(outputs.path(other), "new")
        raise error
    assert names(tmp_path) == ["a.tif"]
    assert Path(target).read_text(encoding="utf-8") == "old"


@pytest.mark.parametrize("error", [OutputError, OSError])
def test_errors_name_the_final_place(tmp_path, error):
    target = str(tmp_path / "a.tif")
    with pytest.raises(OutputError) as failure, Outputs(target) as outputs:
        raise error(f"The raster '{outputs.path(target)}' cannot be written")
    assert f"'{target}'" in str(failure.value) and "partial" not in str(failure.value)


def test_one_output_that_was_not_written_stops_all(tmp_path):
    first, second = str(tmp_path / "a"), str(tmp_path / "b")
    with pytest.raises(OutputError, match=r"'.*b' was not written"), Outputs(first, second) as o:
        write(o.path(first), "data")
    assert names(tmp_path) == []


def test_sidecars_of_a_replaced_file_go_with_it(tmp_path):
    target = str(tmp_path / "a.tif")
    for name in ("a.tif", "a.tif.aux.xml", "a.tif.ovr", "a.qml", "other.csv", "other.qml"):
        write(tmp_path / name, "old")
    with Outputs(target) as outputs:
        write(outputs.path(target), "new")
    assert names(tmp_path) == ["a.tif", "other.csv", "other.qml"]


def test_the_style_of_another_file_of_the_same_stem_stays(tmp_path):
    for name in ("map.tif", "map.qml", "map.csvt"):
        write(tmp_path / name, "old")
    target = str(tmp_path / "map.csv")
    with Outputs(target) as outputs:
        write(outputs.path(target), "new")
    assert names(tmp_path) == ["map.csv", "map.qml", "map.tif"]


def test_outputs_not_asked_for_are_skipped(tmp_path):
    with Outputs(None, "", str(tmp_path / "a")) as outputs:
        write(outputs.path(str(tmp_path / "a")), "data")
    assert names(tmp_path) == ["a"]


def test_an_input_is_not_written_over(tmp_path):
    target = str(tmp_path / "a.gpkg")
    with pytest.raises(OutputError, match="is also an input"):
        Outputs(target, inputs=[str(tmp_path / "b" / ".." / "a.gpkg")])
    with pytest.raises(OutputError, match="is also an input; choose another name"):
        Outputs(target, inputs=[None, f"{target}|layername=points"])
    with pytest.raises(OutputError, match="Two outputs have the same path"):
        Outputs(target, target)


def test_a_killed_process_leaves_no_final_name_and_the_next_run_cleans_up(tmp_path):
    target = tmp_path / "a.tif"
    done = child(
        """
        import os, signal
        from land_subsidence.subsidence_plugin.engine.outputs import Outputs
        with Outputs(sys.argv[1]) as outputs:
            open(outputs.path(sys.argv[1]), "w").write("half")
            os.kill(os.getpid(), signal.SIGKILL)
        """,
        target,
    )
    assert done.returncode == -9
    (left,) = names(tmp_path)
    assert left.startswith(".a.tif.partial-")
    with Outputs(str(target)) as outputs:
        write(outputs.path(str(target)), "whole")
    assert names(tmp_path) == ["a.tif"]


def test_the_folder_of_a_process_that_still_works_is_left_alone(tmp_path):
    target = tmp_path / "a.tif"
    code = """
        from land_subsidence.subsidence_plugin.engine.outputs import Outputs
        with Outputs(sys.argv[1]) as outputs:
            open(outputs.path(sys.argv[1]), "w").write("theirs")
            print("ready", flush=True)
            sys.stdin.readline()
        """
    start = f"import sys; sys.path.insert(0, {str(TESTS)!r}); import conftest\n"
    other = subprocess.Popen(
        [sys.executable, "-c", start + textwrap.dedent(code), str(target)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert other.stdout.readline() == "ready\n"
    with Outputs(str(target)) as outputs:
        write(outputs.path(str(target)), "ours")
    assert target.read_text(encoding="utf-8") == "ours"
    other.communicate("go\n", timeout=60)
    assert other.returncode == 0
    assert target.read_text(encoding="utf-8") == "theirs"
    assert names(tmp_path) == ["a.tif"]


def test_a_folder_that_cannot_be_is_one_sentence(tmp_path):
    write(tmp_path / "file", "no folder")
    with pytest.raises(OutputError, match=r"cannot be written to .*; choose another folder\.$"):
        with Outputs(str(tmp_path / "file" / "a.tif")):
            pass


def test_a_folder_of_the_name_of_an_output_is_refused_before_the_work(tmp_path):
    (tmp_path / "a.tif").mkdir()
    with pytest.raises(OutputError, match=r"a.tif' is a folder; choose the name of a file\.$"):
        Outputs(str(tmp_path / "b.tif"), str(tmp_path / "a.tif"))
    assert names(tmp_path) == ["a.tif"]


def test_folders_made_for_outputs_go_with_them_unless_something_is_in_them(tmp_path):
    targets = [str(tmp_path / name) for name in ("a/b/c.tif", "a/d/e.tif", "f/g.tif")]
    with pytest.raises(ValueError), Outputs(*targets) as outputs:
        write(outputs.path(targets[0]), "half")
        write(tmp_path / "a" / "d" / "of-others", "stays")
        raise ValueError
    assert names(tmp_path) == ["a"] and names(tmp_path / "a") == ["d"]
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(OutputError, match="cannot be written to"):
        with Outputs(str(tmp_path / "new" / "a.tif"), str(tmp_path / "file" / "b.tif")):
            pass
    assert names(tmp_path) == ["a", "file"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError), Outputs(str(tmp_path / "empty" / "a.tif")):
        raise ValueError
    assert names(tmp_path) == ["a", "empty", "file"]  # it was there before


LIMITED = """
    import resource, signal
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a file over the limit fails as on a full disk
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
    import numpy as np
    from land_subsidence.subsidence_plugin.engine.errors import SubsidenceError
    from land_subsidence.subsidence_plugin.engine.outputs import Outputs
    from land_subsidence.subsidence_plugin.engine.raster.grid import Grid
    from land_subsidence.subsidence_plugin.engine.raster.write import RasterWriter
    from land_subsidence.subsidence_plugin.engine.vector.write import write_points
    target, values = sys.argv[1], np.random.default_rng(0).random(500_000)
    try:
        with Outputs(target) as outputs:
            path = outputs.path(target)
            if target.endswith(".tif"):
                grid = Grid(1000, 500, (0, 1, 0, 0, 0, -1), "")
                with RasterWriter(path, grid, ["a"]) as writer:
                    writer.write(values.astype("f4").reshape(1, 500, 1000))
            elif target.endswith(".txt"):
                with open(path, "w") as file:
                    file.write("x" * 500_000)
            else:
                write_points(path, values[:9000], values[:9000], {"a": values[:9000]}, "")
    except SubsidenceError as error:
        print(type(error).__name__, error)
        sys.exit(1)
    """


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX file size limits")
@pytest.mark.parametrize("name", ["a.tif", "a.gpkg", "a.geojson", "a.txt"])
def test_a_full_disk_is_one_sentence_and_leaves_nothing(tmp_path, name):
    done = child(LIMITED, tmp_path / name)
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith("OutputError The ")
    assert "cannot be written" in done.stdout
    assert names(tmp_path) == []


def test_a_folder_of_sidecars_is_moved_and_its_stale_figures_go(tmp_path):
    data = tmp_path / "report_data"
    for count in (2, 1):
        with Outputs(str(tmp_path / "report.html")) as outputs:
            page = Path(outputs.path(str(tmp_path / "report.html")))
            page.write_text("page")
            (page.parent / "report_data").mkdir()
            for number in range(count):
                (page.parent / "report_data" / f"figure-{number}-roc.csv").write_text("x")
        (data / "mine.txt").write_text("kept")
    assert sorted(p.name for p in data.iterdir()) == ["figure-0-roc.csv", "mine.txt"]
