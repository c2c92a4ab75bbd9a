"""Rules: completed, saved, loaded and applied; codes worked out by hand."""

import json

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.classes.codes import Tally, classify
from land_subsidence.subsidence_plugin.engine.classes.distribution import from_values
from land_subsidence.subsidence_plugin.engine.classes.rules import (
    Rule,
    load_rules,
    rules_text,
    settle,
)
from land_subsidence.subsidence_plugin.engine.errors import InputError

NAN = np.float32("nan")


def coded(values, rule):
    tally = Tally()
    codes = classify(np.array(values, np.float32), rule, "x", tally)
    assert codes.dtype == np.uint8
    return codes.tolist(), tally


def test_a_break_belongs_to_the_class_below_it():
    rule = settle(Rule("manual", breaks=(2.0, 5.0)), None, "x")
    codes, tally = coded([-9, 2, 2.0001, 5, 5.1, 99, NAN], rule)
    assert codes == [1, 1, 2, 2, 3, 3, 0]
    assert tally.cells[:4].tolist() == [1, 2, 2, 2]
    assert (tally.valid, tally.minimum, tally.maximum) == (6, -9, 99)


def test_breaks_are_compared_in_the_precision_of_the_raster():
    codes, _ = coded([0.249999, 0.25], Rule("manual", breaks=(0.249999,)))
    assert codes == [1, 2]


def test_jenks_puts_the_minimum_in_class_one_and_counts_what_lies_beyond():
    values = np.array([1, 2, 3, 100, 101, 102], np.float32)
    rule = settle(Rule("jenks", 2), from_values(values), "x")
    assert (rule.breaks, rule.minimum, rule.maximum) == ((3.0,), 1.0, 102.0)
    codes, tally = coded([1, 3, 100, 0, -5, 500, 60], rule)
    assert codes == [1, 1, 2, 1, 1, 2, 2]
    assert (tally.below, tally.above) == (2, 1)


def test_aspect_sectors():
    rule = settle(Rule("aspect"), None, "aspect")
    values = [-1, 0, 22.4, 22.5, 67.4, 67.5, 135, 180, 225, 270, 315, 337.4, 337.5, 360, NAN]
    codes, _ = coded(values, rule)
    assert codes == [1, 2, 2, 3, 3, 4, 5, 6, 7, 8, 9, 9, 2, 2, 0]
    assert rule.labels[0] == "Flat"
    assert rule.labels[1] == "North"
    assert rule.labels[8] == "Northwest"
    assert rule.bounds(3) == (22.5, 67.5)
    assert rule.bounds(2) == (337.5, 22.5)
    with pytest.raises(InputError, match="values up to 500, which are no aspect in degrees"):
        coded([500], rule)


def test_unique_values_take_labels_of_the_legend_and_drop_the_unseen():
    rule = settle(
        Rule("unique", kind="categorical"), from_values(np.array([10, 30, 20], np.float32)),
        "soil", {"10": "clay", "30": "peat"},
    )  # fmt: skip
    assert rule.labels == ("clay", "20", "peat")
    codes, tally = coded([30, 10, 25, NAN, 31, 5], rule)
    assert codes == [3, 1, 0, 0, 0, 0]
    assert tally.unseen == 3


def test_rules_go_round_through_json(tmp_path):
    values = np.random.default_rng(0).normal(size=500).astype(np.float32)
    rules = {
        "slope": settle(Rule("jenks", 4), from_values(values.copy()), "slope"),
        "aspect": settle(Rule("aspect"), None, "aspect"),
        "soil": settle(Rule("unique"), from_values(np.float32([0, 2, 5])), "soil"),
        "zero": settle(Rule("manual", breaks=(0.0,), minimum=0.0), None, "zero"),
    }
    path = tmp_path / "rules.json"
    path.write_text(rules_text(rules), encoding="utf-8")
    loaded = load_rules(str(path))
    assert loaded == {**rules, "aspect": loaded["aspect"]}
    assert loaded["aspect"].labels == rules["aspect"].labels
    assert coded(values, loaded["slope"])[0] == coded(values, rules["slope"])[0]


def test_rules_may_hold_only_settings():
    rules = load_rules(
        '{"slope": {"method": "quantile", "classes": 3}, "twi": "stdev", '
        '"ndvi": {"breaks": [0, 1]}}'
    )
    assert rules["slope"] == Rule("quantile", 3)
    assert rules["twi"] == Rule("stdev")
    assert rules["ndvi"] == Rule("manual", breaks=(0.0, 1.0))
    assert not rules["slope"].complete
    settled = settle(rules["slope"], from_values(np.arange(1, 10, dtype=np.float32)), "slope")
    assert settled.breaks == (3.0, 6.0)
    assert settled.labels == ("≤ 3", "3 to 6", "> 6")


def test_the_range_is_kept_once():
    rule = Rule("manual", breaks=(1.0,))
    assert rule.with_range(np.float32(0.1), 7).minimum == 0.1
    assert rule.with_range(0, 7).with_range(-5, 9) == rule.with_range(0, 7)
    assert rule.with_range(np.inf, -np.inf) == rule
    assert rule.with_range(3, 7).bounds(1) == (None, 1.0)  # the lowest class is empty
    assert rule.with_range(3, 7).bounds(2) == (1.0, 7.0)


BAD = {
    '{"a": ': "not valid JSON",
    "[1]": "cannot be read",
    "{}": "holds no rule of a factor",
    '{"a": 3}': "a rule must be an object",
    '{"a": {"method": "magic"}}': "the method 'magic' is not one of jenks, quantile",
    '{"a": {"metod": "jenks"}}': "'metod' is not known; a rule has method, classes",
    '{"a": {"method": "jenks", "classes": 1}}': "'classes' is 1, not a whole number",
    '{"a": {"method": "jenks", "classes": 2.5}}': "'classes' is 2.5, not a whole number",
    '{"a": {"method": "manual"}}': "the manual method needs breaks",
    '{"a": {"breaks": [3, 2]}}': "the breaks 3, 2 do not increase",
    '{"a": {"breaks": ["3"]}}': "'3' is not a number",
    '{"a": {"breaks": 3}}': "'breaks' must be a list of numbers",
    '{"a": {"breaks": [3], "labels": ["x"]}}': "there are 1 labels for 2 classes",
    '{"a": {"breaks": [3], "classes": 4}}': "'classes' is 4, but its breaks or values make 2",
    '{"a": {"method": "unique", "breaks": [3]}}': "the method 'unique' has no breaks",
    '{"a": {"method": "jenks", "values": [3]}}': "'values' belong to the method 'unique'",
    '{"a": {"method": "unique", "values": [3, 1]}}': "in ascending order",
    '{"a": {"method": "jenks", "kind": "odd"}}': "the kind 'odd' is not",
    '{"a": {"method": "jenks", "labels": [1]}}': "'labels' must be a list of texts",
}


@pytest.mark.parametrize(("text", "message"), BAD.items())
def test_bad_rules_say_what_is_wrong(text, message):
    with pytest.raises(InputError, match=message) as caught:
        load_rules(text)
    assert "RULES" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_rule_file_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match=r"RULES file '.*none.json' cannot be read"):
        load_rules(str(tmp_path / "none.json"))


def test_saved_rules_name_their_format():
    content = json.loads(rules_text({"a": Rule("manual", breaks=(1.0,))}))
    assert content["factors"]["a"] == {
        "method": "manual", "classes": 2, "breaks": [1.0], "kind": "continuous",
    }  # fmt: skip


def test_infinite_values_are_no_data():
    """Else they would fall into the end classes and make a range that JSON cannot hold."""
    tally = Tally()
    values = np.array([-np.inf, 1, 2, 3, np.inf, np.nan], np.float32)
    codes = classify(values, Rule("manual", breaks=(1.5,)), "x", tally)
    assert codes.tolist() == [0, 1, 2, 2, 0, 0]
    assert (tally.minimum, tally.maximum, tally.valid) == (1, 3, 3)
