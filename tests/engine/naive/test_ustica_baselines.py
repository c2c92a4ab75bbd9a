"""Baselines on real EGMS data against figures computed elsewhere with the same protocol."""

import csv

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.naive.baselines import Baselines
from land_subsidence.subsidence_plugin.engine.naive.evaluation import evaluate
from land_subsidence.subsidence_plugin.engine.naive.fill import fill
from land_subsidence.subsidence_plugin.engine.naive.time_split import TimeSplit

STEPS = [0, 9, 29]


@pytest.fixture(scope="module")
def ustica(real_data):
    path = real_data / "egms_ustica" / "EGMS_L3_E45N17_100km_U_2020_2024_1.csv"
    if not path.is_file():
        pytest.skip("SUBSIDENCE_TEST_DATA holds no L3 U file of Ustica")
    with path.open(encoding="utf-8") as file:
        head, *rows = csv.reader(file)
    dated = [i for i, name in enumerate(head) if len(name) == 8 and name.isdigit()]
    values = np.array([[float(row[i] or "nan") for i in dated] for row in rows])
    days = [f"{name[:4]}-{name[4:6]}-{name[6:]}" for name in (head[i] for i in dated)]
    return values, np.array(days, dtype="datetime64[D]").astype(int)


def figures(ustica, gap):
    values, days = ustica
    levels, observed, keep = fill(values)
    assert keep.all() and levels.shape == (522, 304)
    split = TimeSplit(304, validation_share=0.0, test_share=0.2)
    first = split.bounds("test")[0]
    assert first == 243
    own = Baselines(window=12, horizon=30, gap=gap).fit(levels, first)
    origins = split.origins("test", 12, 30, gap)
    found = evaluate(own, levels, observed, days, origins)
    return origins, {name: found.rmse(name)[STEPS] for name in own.names}


def test_published_figures_are_reproduced(ustica):
    """RMSE at 1, 10 and 30 steps; origins k0 − 1 … 304 − 31 with k0 = 243."""
    origins, rmse = figures(ustica, 0)
    assert origins.tolist() == list(range(242, 274))
    assert rmse["persistence"] == pytest.approx([1.22, 3.10, 4.24], abs=0.05)
    assert rmse["annual"] == pytest.approx([2.31, 2.45, 2.58], abs=0.05)
    assert 1.21 - 0.1 <= rmse["ridge"][0] <= 1.24 + 0.1
    assert rmse["ridge"][1:] == pytest.approx([2.46, 2.63], abs=0.1)


def test_a_gap_takes_the_advantage_from_the_last_value(ustica):
    """Neighbouring epochs of L3 share acquisitions, so the first step without a gap leaks."""
    origins, rmse = figures(ustica, 2)
    assert origins.tolist() == list(range(240, 272))
    values, _ = ustica
    change = values[:, 243:275] - values[:, 240:272]
    assert rmse["persistence"][0] == pytest.approx(np.sqrt(np.mean(change**2)))
    assert rmse["persistence"][0] > 2 > 1.3 > figures(ustica, 0)[1]["persistence"][0]
    assert rmse["annual"][0] < 2.45
