"""Legends can be read with any colour vision: the colours of every style, seen without red or green
cones (Machado, Oliveira and Fernandes 2009, severity 1), stay apart in CIELAB (CIE 1976).
"""

import re
from pathlib import Path

import numpy as np
import pytest

STYLES = Path(__file__).resolve().parents[2] / "resources" / "styles"
#: For linear RGB, from the tables of the paper.
VISION = {
    "normal": np.eye(3),
    "protanopia": np.array([
        [0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ]),
    "deuteranopia": np.array([
        [0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ]),
}  # fmt: skip
#: Difference that is seen at a glance: about four times the just noticeable one (2.3).
APART = 10.0
ORDERED = {
    "classes", "spread", "ensemble_spread", "forecast_spread", "rank_variance", "confidence",
    "exceedance", "residual_absolute",
}  # fmt: skip
DIVERGING = {
    "deformation", "ensemble_median", "residual", "shap", "shap_samples", "residual_points",
    "point_forecast", "dissimilarity", "insar",
}  # fmt: skip
#: Any class of these can lie beside any other on the map.
UNORDERED = {"priority", "bivariate", "levels", "susceptibility_classes", "folds", "applicability"}
#: Dominant factors: the 25 colours are given out by strength, these many count.
FIRST = {"dominant_factor": 9}
#: Points told apart by their shape as well, and gray.
WITHOUT = {"samples", "factors"}


def colours(name):
    """Return the colours of a style's classes or stops, in the order of the legend."""
    text = (STYLES / f"{name}.qml").read_text(encoding="utf-8")
    found = re.findall(r'<(?:paletteEntry|item)\b[^>]*color="(#[0-9a-f]{6})"', text)
    if not found:
        fills = re.findall(r'name="color" value="([\d,]+)"', text)
        found = ["#{:02x}{:02x}{:02x}".format(*map(int, f.split(",")[:3])) for f in fills]
    return found[: FIRST.get(name)]


def lab(colour, vision):
    """Return L*, a*, b* (D65) of an sRGB colour as somebody with this vision sees it."""
    shown = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(shown <= 0.04045, shown / 12.92, ((shown + 0.055) / 1.055) ** 2.4)
    seen = np.clip(VISION[vision] @ linear, 0, 1)
    to_xyz = np.array([
        [0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ])  # fmt: skip
    part = to_xyz @ seen / np.array([0.95047, 1.0, 1.08883])
    f = np.where(part > 216 / 24389, np.cbrt(part), (24389 / 27 * part + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def apart(pairs, vision):
    """Return the pairs of colours that are closer than they should be."""
    distances = {(a, b): float(np.linalg.norm(lab(a, vision) - lab(b, vision))) for a, b in pairs}
    return {pair: round(d, 1) for pair, d in distances.items() if d < APART}


def test_lab_agrees_with_published_values():
    # sRGB red and blue in CIELAB (D65), from B. Lindbloom's calculator.
    assert lab("#ff0000", "normal") == pytest.approx([53.24, 80.09, 67.20], abs=0.02)
    assert lab("#0000ff", "normal") == pytest.approx([32.30, 79.19, -107.86], abs=0.02)
    assert lab("#ffffff", "protanopia") == pytest.approx([100, 0, 0], abs=0.05)
    # Reds and greens that those without red cones confuse come together.
    assert np.linalg.norm(lab("#a05a2c", "protanopia") - lab("#5c6b2c", "protanopia")) < 15


def test_every_style_has_its_rule():
    names = {path.stem for path in STYLES.glob("*.qml")}
    ramps = {"probability", "truth", "members", "residual_hotspots", "inventory"}
    known = ORDERED | DIVERGING | UNORDERED | WITHOUT | set(FIRST) | ramps
    assert names == known


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("name", sorted(p.stem for p in STYLES.glob("*.qml")))
def test_neighbouring_classes_differ(name, vision):
    if name in WITHOUT:
        pytest.skip("told apart by shape, or gray")
    found = colours(name)
    assert len(found) >= 2
    assert apart(zip(found, found[1:]), vision) == {}


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("name", sorted(UNORDERED | set(FIRST)))
def test_classes_that_lie_anywhere_differ_all(name, vision):
    found = colours(name)
    assert apart([(a, b) for i, a in enumerate(found) for b in found[:i]], vision) == {}


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("name", sorted(ORDERED))
def test_ordered_colours_get_lighter_or_darker_all_the_way(name, vision):
    steps = np.diff([lab(colour, vision)[0] for colour in colours(name)])
    assert (steps > 3).all() or (steps < -3).all(), steps


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("name", sorted(DIVERGING - {"dissimilarity"}))
def test_diverging_colours_are_lightest_at_zero(name, vision):
    lightness = np.array([lab(colour, vision)[0] for colour in colours(name)])
    middle = int(lightness.argmax())
    assert colours(name)[middle] == "#f7f7f7"
    assert (np.diff(lightness[: middle + 1]) > 0).all()
    assert (np.diff(lightness[middle:]) < 0).all()
