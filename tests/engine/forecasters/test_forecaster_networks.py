"""The networks: shapes, what they may see, what they begin as, tiles that join without seams."""

import numpy as np
import pytest

pytest.importorskip("torch")

from forecast_help import TYPES, area, data, recipe
from land_subsidence.subsidence_plugin.engine.errors import InputError
from land_subsidence.subsidence_plugin.engine.forecasters import paper
from land_subsidence.subsidence_plugin.engine.forecasters.registry import build, forecaster_type
from land_subsidence.subsidence_plugin.engine.forecasting.area import Area
from land_subsidence.subsidence_plugin.engine.forecasting.forecaster import Forecaster, align, halo
from land_subsidence.subsidence_plugin.engine.forecasting.training import (
    make_card,
    prepare,
    train_forecaster,
)
from land_subsidence.subsidence_plugin.engine.naive.ridge import fit_ridge

VARIANTS = ("lastmap", "paper")


def shaken(how, own, seed=0):
    """Return a forecaster with random weights in every tensor, so that every path counts."""
    card = make_card(how, prepare(how, own))
    module = build(how.kind, how.hyperparameters, how.window, how.horizon, 0, card.shape or None)
    random = np.random.default_rng(seed)
    arrays = {
        name: (0.3 * random.standard_normal(tuple(tensor.shape))).astype(np.float32)
        for name, tensor in module.state_dict().items()
    }
    for name in ("input_scale", "output_scale"):
        if name in arrays:
            arrays[name] = np.abs(arrays[name]) + np.float32(0.5)
    return Forecaster(card, [arrays])


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize(("spatial", "temporal"), TYPES)
def test_each_type_forecasts_all_valid_cells_and_no_others(spatial, temporal, variant):
    own = data()
    found = shaken(recipe(spatial, temporal, variant), own).forecast(own.areas[0], 40)
    assert found.shape == (1, 3, 12, 12)
    np.testing.assert_array_equal(
        np.isfinite(found[0]), np.broadcast_to(own.areas[0].mask, (3, 12, 12))
    )


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize(("spatial", "temporal"), TYPES)
def test_nothing_but_the_window_of_valid_cells_is_seen(spatial, temporal, variant):
    """No leak from targets, from dates before the window, or from cells without series."""
    own = data()
    network = shaken(recipe(spatial, temporal, variant), own)
    before = network.forecast(own.areas[0], 40)
    other = own.areas[0].levels.copy()
    other[41:] += 50
    other[:33] -= 70
    other[:, ~own.areas[0].mask] = 999
    changed = Area(other, own.areas[0].mask, own.areas[0].days)
    np.testing.assert_allclose(network.forecast(changed, 40), before, atol=1e-4)
    # and every date of the window is
    for date in (33, 36, 40):
        other = own.areas[0].levels.copy()
        other[date, 5, 5] += 300  # the paper pools 144 cells
        seen = network.forecast(Area(other, own.areas[0].mask, own.areas[0].days), 40)
        assert np.nanmax(np.abs(seen - before)) > 1e-4, date


@pytest.mark.parametrize(("spatial", "temporal"), TYPES)
def test_the_lastmap_network_begins_as_the_pooled_ridge(spatial, temporal):
    own = data()
    how = recipe(spatial, temporal, epochs=1, learning_rate=1e-7)
    network = train_forecaster(how, prepare(how, own)).forecaster
    levels = own.areas[0].series()
    ridge = fit_ridge(levels, 48, 3, 0, 8)
    found = network.forecast(own.areas[0], 50)[0][:, own.areas[0].mask].T
    np.testing.assert_allclose(found, ridge.at(50)(levels), atol=2e-3)


@pytest.mark.parametrize("spatial", ["cnn", "resnet", "gcn"])
def test_tiles_with_their_halo_join_without_seams(spatial):
    whole = area(rows=40, columns=44, holes=False)
    whole.mask[3:5, 20:26] = False
    own = data(whole)
    network = shaken(recipe(spatial, "lstm"), own)
    all_at_once = network.forecast(whole, 40)[0]
    side, around = align(network.card), halo(network.card)
    assert around % side == 0
    assert around >= 2 * side
    row, column, size = 4 * side, 3 * side, 2 * side
    tile = whole.cut(
        row - around, max(column - around, 0), size + 2 * around, size + around + column
    )
    part = network.forecast(tile, 40)[0]
    inner = part[:, around : around + size, column : column + size]
    np.testing.assert_allclose(
        inner, all_at_once[:, row : row + size, column : column + size], atol=2e-4
    )


def test_time_differences_are_an_input():
    own = data()
    network = shaken(recipe(), own)
    regular = network.forecast(own.areas[0], 40)
    days = own.areas[0].days.copy()
    days[38:] += 48
    uneven = Area(own.areas[0].levels, own.areas[0].mask, days)
    assert np.nanmax(np.abs(network.forecast(uneven, 40) - regular)) > 1e-3
    later = network.forecast(own.areas[0], 40, own.areas[0].days[41:44] + 30)
    assert np.nanmax(np.abs(later - regular)) > 1e-3


def test_beyond_the_end_the_typical_step_goes_on():
    own = data()
    network = shaken(recipe(gap=1), own)
    days = network.target_days(own.areas[0].days, 59)
    np.testing.assert_array_equal(days - own.areas[0].days[59], [12, 18, 24])
    np.testing.assert_array_equal(
        network.target_days(own.areas[0].days, 57) - own.areas[0].days[57], [12, 18, 24]
    )


def test_the_readout_of_the_paper_pools_the_whole_map():
    """Moving all cells' series around leaves the pooled token, so all forecasts, as they were."""
    whole = area(holes=False)
    own = data(whole)
    # a filter of one cell sees no neighbours
    how = recipe("cnn", "lstm", "paper", layers=1)
    network = shaken(how, own)
    for name, array in network.arrays[0].items():
        if "spatial" in name and array.ndim == 4:
            centre = array[:, :, 1, 1].copy()
            array[:] = 0
            array[:, :, 1, 1] = centre
    before = network.forecast(whole, 40)
    order = np.random.default_rng(3).permutation(144)
    moved = whole.levels.reshape(60, 144)[:, order].reshape(60, 12, 12)
    after = network.forecast(Area(moved, whole.mask, whole.days), 40)
    np.testing.assert_allclose(after, before, atol=1e-4)


def test_the_paper_variant_has_a_stated_size(monkeypatch):
    monkeypatch.setattr(paper, "MOST_CELLS", 100)
    with pytest.raises(InputError, match="at most 100 cells; this one has 12 × 12"):
        train_forecaster(recipe(variant="paper"), prepare(recipe(variant="paper"), data()))


def test_another_grid_than_the_papers_is_refused():
    own = data()
    network = shaken(recipe(variant="paper"), own)
    with pytest.raises(InputError, match="trained on 12 × 12 cells"):
        network.forecast(own.areas[0].cut(0, 0, 8, 12), 40)


def test_an_unknown_part_is_named():
    with pytest.raises(InputError, match="'vgg' is not known; use cnn, gcn, resnet"):
        forecaster_type("vgg", "lstm")


def test_names_of_the_six():
    six = [forecaster_type(s, t) for s, t in TYPES]
    assert [kind.short for kind in six] == ["CL", "CT", "GL", "GT", "RL", "RT"]
    assert six[-1].title == "ResNet + Transformer"
    assert six[-1].name == "resnet-transformer"
    for kind in six:
        names = [h.name for h in (*kind.hyperparameters, *kind.settings)]
        assert len(set(names)) == len(names)
