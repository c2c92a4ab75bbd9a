"""Small pictures of large maps, areas by class, and shares of members, on tiles of any size."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.uncertainty.ensemble import (
    Thresholds,
    ensemble_maps,
    valid_members,
)
from land_subsidence.subsidence_plugin.engine.uncertainty.overview import LONGEST, Overview
from land_subsidence.subsidence_plugin.engine.uncertainty.quantity import Quantity
from land_subsidence.subsidence_plugin.engine.uncertainty.summary import Summary


@pytest.mark.parametrize("tile", [(1300, 700), (512, 256), (100, 7), (1300, 1), (3, 700)])
def test_overview_is_every_third_cell_whatever_the_tiles(tile):
    width, height = 1300, 700
    whole = np.random.default_rng(0).random((2, height, width)).astype(np.float32)
    valid = whole[0] > 0.2
    overview = Overview(width, height)
    assert overview.step == 3 and width / 3 <= LONGEST
    for row in range(0, height, tile[1]):
        for column in range(0, width, tile[0]):
            part = (slice(row, row + tile[1]), slice(column, column + tile[0]))
            inside = valid[part]
            window = (column, row, inside.shape[1], inside.shape[0])
            overview.add(window, inside.ravel(), {"map": whole[(slice(None), *part)][:, inside]})
    expected = np.where(valid, whole, np.nan)[:, ::3, ::3]
    assert np.array_equal(overview.pictures["map"], expected, equal_nan=True)


def test_areas_and_members_that_reach_a_quantile():
    # Three members, five pixels, as in test_ensemble_levels; every pixel 2 km².
    members = np.array(
        [[-5, -12, -25, -31, 15], [3, -10, -15, -40, -25], [1, -8, -35, -30, -35]], np.float32
    )
    thresholds = Thresholds((10.0, 20.0, 30.0), (2.0, 5.0))
    quantity = Quantity(False, "mm", "")
    summary = Summary(3, 5, quantity, (85.0, 95.0, 99.0), thresholds, 25.0, 31.0, 8.0)
    assert valid_members(members).all()
    summary.add(ensemble_maps(members, thresholds, ()), np.full(5, 2.0))
    table = summary.level_columns()
    assert table["name"] == ["Low", "Medium", "High", "Highest"]
    assert table["area_km2"] == [2, 2, 4, 2] and table["share"] == [0.2, 0.2, 0.4, 0.2]
    assert table["mean_confidence"] == pytest.approx([1, 2 / 3, 1 / 3, 1])
    assert table["lower"] == [None, 10.0, 20.0, 30.0]
    reached = summary.exceedance_columns()
    assert reached["any_member"] == pytest.approx([0.8, 0.6, 0.6])
    assert reached["half_of_the_members"] == pytest.approx([0.8, 0.6, 0.2])
    assert reached["all_members"] == pytest.approx([0.6, 0.2, 0.2])
    assert summary.agreed == 2 and summary.largest_rank_variance == pytest.approx(2 / 3)
    both = dict(zip(summary.bivariate_columns()["name"], summary.bivariate_columns()["cells"]))
    assert both["Low level × low spread"] == 1 and both["High level × high spread"] == 2
    assert summary.labels[1] == "Medium: 10 mm ≤ |m| < 20 mm"
