"""Welch's test, its interval and the false discovery rate against stored statsmodels numbers."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.comparison.welch import (
    benjamini_hochberg,
    conservative_bound,
    welch_test,
)

pytest.importorskip("scipy")

MANUAL = np.array([0.812, 0.825, 0.807, 0.819, 0.831])
TUNED = np.array([0.842, 0.829, 0.851, 0.838, 0.845, 0.840])
#: p-values of the example that is printed with the procedure in many text books.
TEXTBOOK = [
    0.001, 0.008, 0.039, 0.041, 0.042, 0.060, 0.074, 0.205, 0.212, 0.216, 0.222, 0.251, 0.269,
    0.275, 0.340, 0.341, 0.384, 0.569,
]  # fmt: skip


def test_welch_equals_statsmodels():
    """CompareMeans(b, a).ttest_ind and tconfint_diff, usevar="unequal", of statsmodels 0.14.1."""
    found = welch_test(MANUAL, TUNED)
    assert found.t == pytest.approx(4.1888331836951895)
    assert found.p == pytest.approx(0.0035950999373606466)
    assert found.freedom == pytest.approx(7.420385547828183)
    assert (found.low, found.high) == pytest.approx((0.00973679864382122, 0.0343298680228457))
    wide = welch_test(MANUAL, TUNED, level=0.9)
    assert (wide.low, wide.high) == pytest.approx((0.012152105906030273, 0.031914560760636645))
    assert (found.n_a, found.n_b) == (5, 6)
    assert found.difference == pytest.approx(5.045 / 6 - 4.094 / 5)  # the sums, by hand


def test_welch_by_hand():
    """Means 2 and 6, variances 1 and 4, n 3: t = 4 / sqrt(5/3), df = (5/3)² / (1/18 + 16/18)."""
    found = welch_test(np.array([1.0, 2, 3]), np.array([4.0, 6, 8]))
    assert found.t == pytest.approx(4 / np.sqrt(5 / 3))
    assert found.freedom == pytest.approx((25 / 9) / (17 / 18))
    assert (found.sd_a, found.sd_b) == (1, 2)


def test_one_group_without_variation_is_still_tested():
    """Stored statsmodels numbers: the degrees of freedom are those of the group that varies."""
    found = welch_test(np.full(4, 5.0), np.array([5.2, 5.4, 4.9, 5.6]))
    assert (found.t, found.p) == pytest.approx((1.8418803882136308, 0.162733109824293))
    assert found.freedom == pytest.approx(3)
    assert (found.low, found.high) == pytest.approx((-0.20015177399872813, 0.7501517739987289))


@pytest.mark.parametrize("noise", [0, 1e-16])
def test_two_groups_without_variation_have_a_difference_and_no_test(noise):
    # 0.1 three times has a mean that is not 0.1 and a variance that is not 0
    found = welch_test(np.full(3, 0.1), np.array([0.3, 0.3 + noise, 0.3]))
    assert found.difference == pytest.approx(0.2)
    assert (found.sd_a, found.sd_b) == (0, 0)
    assert np.isnan([found.t, found.p, found.low, found.high]).all()
    assert np.isnan(conservative_bound(found.low, found.high))


def test_benjamini_hochberg_equals_statsmodels():
    """multipletests(p, 0.05, "fdr_bh") of statsmodels 0.14.1."""
    expected = [
        0.018, 0.072, 0.1512, 0.1512, 0.1512, 0.18, 0.190286, 0.353571, 0.353571, 0.353571,
        0.353571, 0.353571, 0.353571, 0.353571, 0.383625, 0.383625, 0.406588, 0.569,
    ]  # fmt: skip
    assert benjamini_hochberg(TEXTBOOK) == pytest.approx(expected, abs=1e-6)
    unsorted = benjamini_hochberg([0.04, 0.01, 0.03, 0.005, 0.8, 0.01])
    assert unsorted == pytest.approx([0.048, 0.02, 0.045, 0.02, 0.8, 0.02])


def test_what_was_not_tested_does_not_count():
    found = benjamini_hochberg([0.02, np.nan, 0.04])
    assert found[[0, 2]] == pytest.approx([0.04, 0.04])
    assert np.isnan(found[1])
    assert len(benjamini_hochberg([])) == 0


@pytest.mark.parametrize(
    ("low", "high", "bound"), [(0.01, 0.03, 0.01), (-0.03, -0.01, -0.01), (-0.01, 0.03, 0)]
)
def test_the_conservative_bound_is_the_end_nearer_to_zero(low, high, bound):
    assert conservative_bound(low, high) == bound
