"""Job ``insarinventory``: choice by velocity and quality, thinning, stable points, bad input."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.errors import InputError
from land_subsidence.subsidence_plugin.engine.jobs import run_job
from land_subsidence.subsidence_plugin.engine.progress import Progress
from land_subsidence.subsidence_plugin.engine.vector.read import read_features
from land_subsidence.subsidence_plugin.engine.vector.write import write_points

VELOCITY = np.array([-12, -8, -6, -3, -1, 0.5, 1.9, 7, np.nan])
COHERENCE = np.array([0.9, 0.4, 0.8, 0.9, 0.9, 0.3, 0.9, 0.9, 0.9])


@pytest.fixture
def points(tmp_path):
    path = str(tmp_path / "insar.gpkg")
    columns = {
        "pid": list("abcdefghi"), "mean_velocity": VELOCITY, "temporal_coherence": COHERENCE,
        "rmse": 4 - 3 * COHERENCE, "D20200103": np.zeros(9), "vertical": VELOCITY / 2,
    }  # fmt: skip
    metadata = {"SUBSIDENCE_KIND": "insar", "COMPONENT": "U"}
    write_points(path, np.arange(9) * 10.0 + 5, np.full(9, 5.0), columns, "EPSG:32648", metadata)
    return path


def chosen(points, lines=None, **options):
    folder = points.rsplit("/", 1)[0]
    out, still = f"{folder}/out.gpkg", f"{folder}/stable.gpkg"
    progress = Progress(None, lambda text, _level: lines.append(text) if lines is not None else 0)
    arguments = {"input": points, "output": out, "stable_output": still, **options}
    result = run_job("insarinventory", arguments, progress)
    return result, read_features(out), read_features(still)


def test_velocity_and_both_outputs(points):
    lines = []
    result, moving, still = chosen(points, lines)
    assert result == {"SUBSIDENCE_POINTS": 3, "STABLE_POINTS": 3}
    assert moving.columns["pid"] == ["a", "b", "c"] and still.columns["pid"] == ["e", "f", "g"]
    assert moving.columns["label"].tolist() == [1, 1, 1]
    assert still.columns["label"].tolist() == [0, 0, 0]
    assert moving.columns["velocity"].tolist() == [-12, -8, -6]
    assert moving.metadata["SUBSIDENCE_KIND"] == "inventory"
    assert moving.metadata["threshold"] == "-5"
    assert "1 points have no velocity and are left out." in lines


def test_the_log_tells_the_rule(points):
    # at most -5: -12, -8, -6; less than 2 either way: -1, 0.5, 1.9
    lines = []
    chosen(points, lines)
    assert "3 points at or below −5 mm/yr; 3 within ±2 mm/yr." in lines
    lines = []
    chosen(points, lines, threshold=6.5, stable_limit=1.5)  # 7; -1 and 0.5
    assert "1 point at or above 6.5 mm/yr; 2 within ±1.5 mm/yr." in lines
    lines = []
    chosen(points, lines)
    out = points.replace("insar.gpkg", "alone.gpkg")
    progress = Progress(None, lambda text, _level: lines.append(text))
    run_job("insarinventory", {"input": points, "output": out, "threshold": -8}, progress)
    assert "2 points at or below −8 mm/yr." in lines


def test_quality_high_or_low_is_good(points):
    high = chosen(points, quality_field="temporal_coherence", quality_limit=0.8)
    assert high[1].columns["pid"] == ["a", "c"] and high[2].columns["pid"] == ["e", "g"]
    low = chosen(points, quality_field="rmse", quality_limit=1.7, quality_sense=1)
    assert low[1].columns["pid"] == ["a", "c"]
    assert low[1].columns["rmse"].tolist() == pytest.approx([1.3, 1.6])
    lines = []
    chosen(points, lines, quality_field="rmse", quality_limit=1.7, quality_sense=1)
    assert "7 of 9 points have rmse of at most 1.7." in lines


def test_positive_thresholds_and_another_field(points):
    assert chosen(points, threshold=5)[1].columns["pid"] == ["h"]
    found = chosen(points, velocity_field="vertical", threshold=-4)[1]
    assert found.columns["pid"] == ["a", "b"]
    assert found.columns["velocity"].tolist() == [-6, -4]


def test_thinning_by_distance_and_by_cell(points):
    assert chosen(points, spacing=15)[1].columns["pid"] == ["a", "c"]
    assert chosen(points, spacing=20, thinning=1)[1].columns["pid"] == ["a", "c"]
    best = chosen(points, spacing=30, quality_field="rmse", quality_limit=9, quality_sense=1)
    assert best[1].columns["pid"] == ["a"]
    assert chosen(points, spacing=25)[2].columns["pid"] == ["f"]  # the least velocity stays


def test_only_an_inventory(points, tmp_path):
    out = str(tmp_path / "alone.gpkg")
    arguments = {"input": points, "output": out}
    assert run_job("insarinventory", arguments, Progress())["STABLE_POINTS"] == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["alone.gpkg", "alone.qml", "insar.gpkg"]


@pytest.mark.parametrize(
    "options, message",
    [
        ({"threshold": 0}, "THRESHOLD is 0; give a velocity below 0"),
        ({"threshold": -50}, "There is no subsidence point; none moves so fast: change THRESHOLD"),
        ({"stable_limit": 9}, "STABLE_LIMIT is 9; it must be greater than 0 and at most 5"),
        ({"stable_limit": 0.1}, "There is no stable point; none moves so little: change STABLE_"),
        ({"quality_field": "rmse"}, "QUALITY_FIELD is 'rmse'; give the limit in QUALITY_LIMIT"),
        ({"quality_limit": 1}, "QUALITY_LIMIT is given; choose the field it is for"),
        ({"quality_field": "rmse", "quality_limit": 9.0},
         "No point has rmse of at least 9; it is 1.3 to 3.1: change QUALITY_LIMIT or QUALITY_"),
        ({"quality_field": "q", "quality_limit": 9.0},
         "has no field 'q' (QUALITY_FIELD); choose a numeric field (it has mean_velocity, "
         "temporal_coherence, rmse, vertical, 1 dates), or leave it empty."),
        ({"velocity_field": "v"}, "has no field 'v' (VELOCITY_FIELD); import the series"),
        ({"velocity_field": "v"}, "choose a numeric field (it has mean_velocity, temporal_coh"),
        ({"spacing": -1}, "SPACING is -1; it must be 0 or more"),
    ],
)  # fmt: skip
def test_bad_input(points, options, message):
    with pytest.raises(InputError) as error:
        chosen(points, **options)
    assert message in str(error.value)


def test_line_of_sight_is_warned_of(points, tmp_path):
    layer = read_features(points)
    write_points(points, layer.x, layer.y, layer.columns, layer.crs, {"COMPONENT": "LOS"})
    lines = []
    chosen(points, lines)
    assert any("The velocity is along the line of sight" in line for line in lines)
