"""Every algorithm where it cannot write: one sentence, a failure, and nothing is left behind."""

import sys

import pytest
from algorithm_calls import CALLS, WITHOUT_A_CALL, calls


def test_every_algorithm_has_a_call_or_a_reason(qgis_app):
    """A new algorithm gets its entry in ``algorithm_calls.CALLS``, or a reason why it has none."""
    there = {algorithm.name() for algorithm in qgis_app.provider.algorithms()}
    called = [call.id for call in CALLS]
    assert len(called) == len(set(called))
    assert sorted(there - set(called) - set(WITHOUT_A_CALL)) == []
    assert sorted(set(called) - there) == []
    assert not set(called) & set(WITHOUT_A_CALL) and all(WITHOUT_A_CALL.values())


def test_every_call_names_every_output(qgis_app):
    """So that no output escapes the tests here, but what is kept or a folder of further files."""
    left_out = {
        "applicability": {"MASKED"}, "createexample": {"FOLDER"},
        "predictsusceptibility": {"SPREAD", "MEMBERS"}, "reclassifyfactors": {"FOLDER"},
        "validatemodel": {"CALIBRATED_MODEL", "DELONG"}, "tunemodel": {"WORKER_DATA"},
        "tuneforecaster": {"WORKER_DATA"},
    }  # fmt: skip
    for call in CALLS:
        algorithm = qgis_app.processingRegistry().algorithmById(f"subsidence:{call.id}")
        names = {d.name() for d in algorithm.destinationParameterDefinitions()} - {"CHECKPOINT"}
        assert names - set(call.outputs) <= left_out.get(call.id, set()), call.id


def one_sentence(failure):
    message = str(failure.value)
    assert "Traceback" not in message and "\n" not in message.strip(), message
    assert "partial" not in message, message
    assert len(message) > 25, message
    return message


@pytest.mark.parametrize("call", calls())
def test_output_folder_that_cannot_be_written(area, run, tmp_path, call):
    """Each output in turn below a file, since root may write in read-only folders.

    It is refused before the work begins, so also the calls that take long come back at once.
    """
    from qgis.core import QgsProcessingException, QgsProcessingFeedback

    (tmp_path / "file").write_text("in the way")
    good = tmp_path / "good"
    good.mkdir()
    for output, name in call.outputs.items():
        feedback, reports = QgsProcessingFeedback(False), []
        feedback.progressChanged.connect(reports.append)
        parameters = {**call.parameters(area, good), output: str(tmp_path / "file" / name)}
        with pytest.raises(QgsProcessingException) as failure:
            run(f"subsidence:{call.id}", parameters, feedback=feedback)
        message = one_sentence(failure)
        assert "folder" in message and str(tmp_path / "file") in message
        assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "good"]
        assert list(good.iterdir()) == [], output
        assert max(reports, default=0) <= 10, (output, reports)


@pytest.mark.parametrize("call", calls())
def test_a_folder_that_is_not_there_is_not_left_by_a_cancelled_run(area, run, tmp_path, call):
    """It is made for the outputs, and goes again with them (but for a file that is kept)."""
    from qgis.core import QgsProcessingFeedback

    feedback = QgsProcessingFeedback(False)
    feedback.cancel()
    folder = tmp_path / "new" / "deeper"
    run(f"subsidence:{call.id}", call.parameters(area, folder), feedback)
    if folder.exists():
        names = {p.name for p in folder.iterdir()}
        assert names and names <= set(call.kept)
    else:
        assert list(tmp_path.iterdir()) == []


def test_failing_headless_has_an_exit_code(area, qgis_process, tmp_path):
    (tmp_path / "file").write_text("in the way")
    done = qgis_process(
        "run", "subsidence:griddeformation", f"--INPUT={area['INSAR']}",
        f"--OUTPUT={tmp_path / 'file' / 'o.tif'}",
    )  # fmt: skip
    assert done.returncode != 0
    assert "cannot be written to" in done.stderr and "Traceback" not in done.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


#: Bytes that a file may have, where the largest output is smaller than the others' limit.
SMALL = {
    "classifysusceptibility": 2_000, "monitoringpriority": 2_000, "modelinfo": 2_000,
    "checkinstallation": 2_000,
}  # fmt: skip


@pytest.fixture
def full_disk():
    """Limit the size of files, in place of a full disk: writing fails half-way."""
    resource = pytest.importorskip("resource", reason="needs a POSIX system")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    class Limit:
        size = 20_000

        def __enter__(self):
            resource.setrlimit(resource.RLIMIT_FSIZE, (self.size, before[1]))

        def __exit__(self, *_error):
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    return Limit()


@pytest.mark.skipif(sys.platform == "win32", reason="needs limits of the size of files")
@pytest.mark.parametrize("call", calls())
def test_a_full_disk(area, run, tmp_path, full_disk, call):
    from qgis.core import QgsProcessingException

    full_disk.size = SMALL.get(call.id, full_disk.size)
    with pytest.raises(QgsProcessingException) as failure, full_disk:
        run(f"subsidence:{call.id}", call.parameters(area, tmp_path, quick=True))
    message = one_sentence(failure)
    assert "written" in message or "space" in message
    assert {p.name for p in tmp_path.iterdir()} <= set(call.kept)
