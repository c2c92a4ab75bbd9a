"""Bands of a stack matched to the factors of a model."""

import json

import pytest
from land_subsidence.subsidence_plugin.engine.errors import InputError, ModelFileError
from land_subsidence.subsidence_plugin.engine.models.card import Card, Factor
from land_subsidence.subsidence_plugin.engine.prediction.matching import StackBand, match_bands
from land_subsidence.subsidence_plugin.engine.progress import Progress

SLOPE_RULE = {"method": "manual", "breaks": [5.0, 15.0]}
CARD = Card("drdn", [Factor("Slope"), Factor("twi")])
CODED = Card(
    "drdn",
    [Factor("slope", "classes", 1, 3), Factor("twi", "classes", 1, 3)],
    rules={"slope": SLOPE_RULE, "twi": {"method": "quantile", "breaks": [1.0, 2.0]}},
)


@pytest.fixture
def lines():
    return []


@pytest.fixture
def progress(lines):
    return Progress(on_message=lambda text, level: lines.append((level, text)))


def bands(*names, kind="continuous", rule=None):
    rules = rule or {}
    return [StackBand(i, n, kind, rules.get(n)) for i, n in enumerate(names, start=1)]


def test_by_name_whatever_order_and_case_surplus_named(progress, lines):
    match = match_bands(CARD, bands("ndvi", "TWI", "slope"), False, "a.tif", progress)
    assert match.bands == [3, 2] and match.rules == {} and match.codes == []
    assert lines == [("info", "Bands that the model does not use: ndvi.")]


def test_all_missing_factors_in_one_sentence(progress):
    with pytest.raises(InputError) as error:
        match_bands(CARD, bands("ndvi", "b2"), False, "a.tif", progress)
    assert str(error.value) == (
        "The stack 'a.tif' lacks 2 of the model's 2 factors: Slope, twi; its bands are ndvi, b2."
    )


def test_other_kind_is_a_warning(progress, lines):
    match_bands(CARD, bands("slope", "twi", kind="categorical"), False, "a.tif", progress)
    assert [level for level, _text in lines] == ["warning", "warning"]
    assert "'Slope' is continuous in the model and categorical in the stack" in lines[0][1]


def test_values_wanted_classes_given(progress):
    with pytest.raises(InputError, match=r"trained on values and 'c\.tif' is a class stack"):
        match_bands(CARD, bands("slope", "twi"), True, "c.tif", progress)


def test_class_stack_by_the_same_rules(progress):
    same = {"slope": json.dumps({**SLOPE_RULE, "labels": ["a", "b", "c"], "classes": 3})}
    match = match_bands(CODED, bands("slope", "twi", rule=same), True, "c.tif", progress)
    assert match.codes == [0, 1] and match.rules == {}


def test_class_stack_by_other_rules_is_refused(progress):
    other = {"slope": json.dumps({"method": "jenks", "breaks": [5.0, 15.5], "classes": 3})}
    with pytest.raises(InputError, match=r"classes of slope in 'c\.tif' were made by other rules"):
        match_bands(CODED, bands("slope", "twi", rule=other), True, "c.tif", progress)


def test_class_stack_with_a_damaged_rule_is_refused(progress):
    broken = {"slope": "{"}
    with pytest.raises(InputError, match="class rule of the band 'slope' is not valid JSON"):
        match_bands(CODED, bands("slope", "twi", rule=broken), True, "c.tif", progress)


def test_raw_factors_are_classified_by_the_rules_of_the_model(progress, lines):
    match = match_bands(CODED, bands("twi", "slope"), False, "a.tif", progress)
    assert match.bands == [2, 1] and match.rules[0].breaks == (5.0, 15.0)
    assert "2 are classified by the model's own rules" in lines[0][1]


def test_raw_factors_without_rules_are_refused(progress):
    card = Card("drdn", CODED.factors)
    with pytest.raises(InputError, match=r"trained on classes of slope, twi, but 'a\.tif'"):
        match_bands(card, bands("twi", "slope"), False, "a.tif", progress)


def test_damaged_rules_in_the_card(progress):
    card = Card("drdn", CODED.factors, rules={"slope": {"method": "magic"}})
    with pytest.raises(ModelFileError, match="damaged: its class rules"):
        match_bands(card, bands("twi", "slope"), False, "a.tif", progress)
