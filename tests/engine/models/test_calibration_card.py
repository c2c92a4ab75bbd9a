"""The calibration of a card: its formulas by hand, and what a damaged one is refused for."""

import json

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.errors import ModelFileError
from land_subsidence.subsidence_plugin.engine.models.calibration import (
    calibrate,
    calibration_text,
    check_calibration,
)

ISOTONIC = {"method": "isotonic", "x": [0.2, 0.4, 0.8], "y": [0.1, 0.3, 0.3]}
PLATT = {"method": "platt", "slope": 2.0, "intercept": -1.0}


def test_isotonic_by_hand():
    p = np.array([0.0, 0.2, 0.25, 0.6, 1.0, np.nan])
    np.testing.assert_allclose(calibrate(ISOTONIC, p), [0.1, 0.1, 0.15, 0.3, 0.3, np.nan])


def test_platt_by_hand():
    # p = 0.8: log-odds ln 4, so 2 ln 4 - 1 = ln(16/e), and 16 / (16 + e).
    p = np.array([0.8, 0.5, 0.0, 1.0, np.nan])
    expected = [16 / (16 + np.e), 1 / (1 + np.e), 0, 1, np.nan]
    np.testing.assert_allclose(calibrate(PLATT, p), expected, atol=1e-12)


@pytest.mark.parametrize("calibration", [None, ISOTONIC, PLATT])
def test_shape_type_and_order_are_kept(calibration):
    p = np.linspace(0, 1, 24, dtype=np.float32).reshape(4, 6)
    found = calibrate(calibration, p)
    assert (found.shape, found.dtype) == (p.shape, np.float32)
    assert (np.diff(found.ravel()) >= 0).all()


def test_in_words():
    assert calibration_text(PLATT) == "Platt's curve"
    known = {**ISOTONIC, "rows": 1200, "split": "validation", "source": "s.gpkg"}
    assert calibration_text(known) == (
        "isotonic regression, fitted on 1,200 validation rows of s.gpkg"
    )
    assert calibration_text({**ISOTONIC, "rows": 9, "split": 3, "source": []}) == (
        "isotonic regression, fitted on 9 rows"
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"method": "magic"}, "calibration 'magic' is not known"),
        ({"method": ["platt"]}, "is not known"),
        ({"x": None}, "'x' is missing or of the wrong kind"),
        ({"x": [0.2, "0.4", 0.8]}, "'x' holds something that is no number"),
        ({"y": [0.1, [0.2], 0.3]}, "'y' holds something that is no number"),
        ({"y": [0.1, None, 0.3]}, "'y' holds something that is no number"),
        ({"y": [0.1, 1e400, 0.3]}, "no finite number"),
        ({"x": [0.2, 0.4]}, "not two equally long lists"),
        ({"x": [], "y": []}, "not two equally long lists"),
        ({"x": [0.2, 0.2, 0.8]}, "not ascending"),
        ({"y": [0.3, 0.2, 0.4]}, "not ascending"),
        ({"y": [0.1, 0.2, 1.2]}, "outside 0 to 1"),
    ],
)
def test_a_damaged_isotonic_calibration_is_refused(change, words):
    check_calibration(ISOTONIC)
    with pytest.raises(ModelFileError, match=words):
        check_calibration({**ISOTONIC, **change})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"slope": "1"}, "'slope' is missing or of the wrong kind"),
        ({"slope": True}, "'slope' is missing or of the wrong kind"),
        ({"intercept": json.loads("1e400")}, "no finite number"),
        ({"slope": 10**400}, "no number"),
        ({"slope": -1.0}, "slope is negative"),
    ],
)
def test_a_damaged_platt_calibration_is_refused(change, words):
    check_calibration(PLATT)
    with pytest.raises(ModelFileError, match=words):
        check_calibration({**PLATT, **change})
