"""Search spaces: from declarations, changed by the user, as grids, compared with stored ones."""

import itertools

import pytest
from land_subsidence.subsidence_plugin.engine.errors import InputError
from land_subsidence.subsidence_plugin.engine.hyperparameter import Hyperparameter, Tunable
from land_subsidence.subsidence_plugin.engine.training.fit import MODEL_TYPES
from land_subsidence.subsidence_plugin.engine.tuning.space import (
    Dimension,
    differences,
    grid_points,
    parse_changes,
    space_of,
)
from land_subsidence.subsidence_plugin.engine.tuning.susceptibility import declared_of


class Declared(Tunable):
    described = "The network Test"
    hyperparameters = (
        Hyperparameter("units", 32, 1, 1024, ".", log=True, search=(8, 128), grid=(16, 64, 32)),
        Hyperparameter("kernel", 3, 1, 7, ".", choices=(1, 3, 5, 7), search=(3, 7)),
        Hyperparameter("dropout", 0.9, 0.0, 0.9, ".", search=(0.0, 0.5), grid=(0.0, 0.5)),
        Hyperparameter("depth", 2, 1, 9, "."),
    )
    settings = (Hyperparameter("learning_rate", 1e-3, 1e-8, 10.0, ".", log=True, grid=(1e-3,)),)


def test_ranges_for_random_and_tpe_and_values_for_a_grid():
    space, fixed = space_of(Declared(), "tpe")
    assert space == (
        Dimension("units", 32, 8, 128, True),
        Dimension("kernel", 3, choices=(3, 5, 7)),
        Dimension("dropout", 0.5, 0.0, 0.5),
    )
    assert fixed == {}
    assert space_of(Declared(), "grid")[0] == (
        Dimension("units", 32, choices=(16, 32, 64)),
        Dimension("dropout", 0.5, choices=(0.0, 0.5)),
        Dimension("learning_rate", 1e-3, choices=(1e-3,)),
    )


def test_changes_by_the_user():
    text = " units = 4..16 ;dropout=0.1\nlearning_rate=1e-2,1e-4 ; DEPTH=1..3;"
    space, fixed = space_of(Declared(), "random", parse_changes(text))
    by_name = {d.name: d for d in space}
    assert by_name["units"] == Dimension("units", 16, 4, 16, True)
    assert by_name["learning_rate"].choices == (1e-4, 1e-2)
    assert by_name["depth"] == Dimension("depth", 2, 1, 3)
    assert fixed == {"dropout": 0.1} and set(by_name) == {
        "units", "kernel", "learning_rate", "depth"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "strategy", "expected"),
    [
        ("width=3", "tpe", "SPACE names 'width', which the network Test does not have; it has un"),
        ("units", "tpe", "SPACE holds 'units'; write name=low..high"),
        ("units=1;units=2", "tpe", "SPACE names 'units' twice"),
        ("units=9..2", "tpe", "the first must be lower"),
        ("units=a,b", "tpe", "the value 'a', which is no number"),
        ("units=nan", "tpe", "must be a whole number, not nan"),
        ("units=0..5", "tpe", "'units' is 0; allowed is 1 to 1024"),
        ("kernel=2,3", "tpe", "'kernel' is 2; allowed is 1, 3, 5, 7"),
        ("units=,", "tpe", "SPACE gives 'units' no value"),
        ("units=1..5", "grid", "a grid needs single values"),
        ("units=8;kernel=3;dropout=0", "tpe", "There is nothing to search"),
    ],
)
def test_bad_changes_are_one_sentence(text, strategy, expected):
    with pytest.raises(InputError) as error:
        space_of(Declared(), strategy, parse_changes(text))
    assert expected in str(error.value)


def test_a_grid_holds_every_combination_once_in_an_order_of_the_seed():
    space = (Dimension("a", 1, choices=(1, 2, 3)), Dimension("b", 0.5, choices=(0.5, 1.0)))
    points = grid_points(space, 7)
    expected = set(itertools.product((1, 2, 3), (0.5, 1.0)))
    assert {(p["a"], p["b"]) for p in points} == expected and len(points) == 6
    assert points == grid_points(space, 7) != grid_points(space, 8)


def test_a_grid_without_end_is_refused_before_it_is_made():
    space = tuple(Dimension(f"h{i}", 1, choices=tuple(range(10))) for i in range(9))
    with pytest.raises(InputError, match="1,000,000,000 points"):
        grid_points(space, 1)


def test_differences_are_named():
    before = (Dimension("units", 32, 8, 128, True), Dimension("kernel", 3, choices=(3, 5)))
    now = (Dimension("units", 16, 8, 64, True), Dimension("dropout", 0.1, 0.0, 0.5))
    assert differences(before, before) == ""
    assert differences(before, (Dimension("units", 1, 8, 128, True), before[1])) == ""
    assert differences(before, now) == (
        "'dropout' was not searched and now is (0 to 0.5); 'kernel' was searched (3 or 5) and now "
        "is not; 'units' was 8 to 128 (log) and now is 8 to 64 (log)"
    )


@pytest.mark.parametrize("name", MODEL_TYPES)
@pytest.mark.parametrize("strategy", ["grid", "tpe"])
def test_every_model_type_can_be_searched_or_says_that_it_cannot(name, strategy):
    try:
        space, _fixed = space_of(declared_of(name), strategy)
    except InputError as error:
        assert "nothing to search" in str(error)
        return
    for dimension in space:
        assert dimension.choices or dimension.low < dimension.high
        assert Dimension(**dimension.as_dict()) == dimension
