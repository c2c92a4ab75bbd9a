"""What is cross-validated: model types, recipes of model files, name=value lines."""

import pytest
from land_subsidence.subsidence_plugin.engine.crossvalidation.recipes import (
    baseline_candidates,
    described,
    main_candidate,
    parse_assignments,
)
from land_subsidence.subsidence_plugin.engine.errors import InputError
from land_subsidence.subsidence_plugin.engine.models.card import Card, Factor


def test_lines_become_numbers_and_words():
    text = "lstm_units = 64\n dropout=0.25; optimizer=sgd,,\n learning_rate=5e-4"
    assert parse_assignments(text) == {
        "lstm_units": 64, "dropout": 0.25, "optimizer": "sgd", "learning_rate": 5e-4
    }  # fmt: skip
    assert parse_assignments("") == {}


@pytest.mark.parametrize(
    ("model", "text", "words"),
    [
        ("lstm", "units", "HYPERPARAMETERS holds 'units'; write name=value"),
        ("lstm", "dropout=", "holds 'dropout='; write name=value"),
        ("lstm", "dropout=0;dropout=1", "gives 'dropout' twice"),
        ("lstm", "blocks=3", "LSTM has no hyperparameter 'blocks'; it has lstm_units, dropout"),
        ("lstm", "dropout=2", "'dropout' is 2; allowed is 0.0 to 0.9"),
        ("lstm", "epochs=many", "gives epochs=many; it must be a whole number"),
        ("lstm", "batch_size=1.5", "gives batch_size=1.5; it must be a whole number"),
        ("lstm", "learning_rate=99", "'learning_rate' is 99; allowed is"),
        ("lstm", "optimizer=3", "gives optimizer=3; it must be a word"),
        ("forest", "trees=0", "'trees' is 0; allowed is 1 to"),
        ("forest", "epochs=9", "Random forest has no hyperparameter 'epochs'; it has trees"),
        ("tree", "", "The model type 'tree' is not known"),
    ],
)
def test_bad_lines_are_refused_with_what_is_allowed(model, text, words):
    with pytest.raises(InputError, match=words):
        main_candidate(model, text)


def test_a_model_type_has_its_defaults_and_what_was_changed():
    plain = main_candidate("lstm")
    assert (plain.title, plain.members, plain.is_baseline) == ("LSTM", 1, False)
    assert plain.configuration == "default"
    changed = main_candidate("lstm", "lstm_units=8;epochs=5", members=3)
    assert (changed.title, changed.members) == ("LSTM, 3 members", 3)
    assert changed.configuration == "epochs=5 lstm_units=8"
    assert changed.recipes[2].hyperparameters["lstm_units"] == 8
    assert "3 members, all alike: lstm_units = 8" in described(changed)
    with pytest.raises(InputError, match="MEMBERS is 0"):
        main_candidate("lstm", members=0)


def test_the_recipe_of_a_model_file_is_taken_member_by_member():
    card = Card(
        "lstm", [Factor("a")], members=2, training={"epochs": 70, "holdout": "rows"},
        member_hyperparameters=[{"lstm_units": 4}, {"lstm_units": 6}],
    )  # fmt: skip
    found = main_candidate("drdn", "patience=9", card=card)
    assert [r.architecture for r in found.recipes] == ["lstm", "lstm"]
    assert [r.hyperparameters["lstm_units"] for r in found.recipes] == [4, 6]
    assert {(r.settings["epochs"], r.settings["patience"]) for r in found.recipes} == {(70, 9)}
    assert main_candidate("drdn", members=1, card=card).members == 1


def test_baselines_leave_out_the_model_itself():
    main = main_candidate("forest")
    assert [c.title for c in baseline_candidates(["logistic", "forest"], main)] == [
        "Logistic regression"
    ]
    main = main_candidate("forest", "trees=7")
    assert [c.title for c in baseline_candidates(["forest"], main)] == ["Random forest (defaults)"]
