"""Colours of the class maps stay apart in every kind of colour vision; legends say the meaning."""

import itertools
import re

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.styles import STYLES
from land_subsidence.subsidence_plugin.engine.uncertainty.bivariate import bivariate_labels
from land_subsidence.subsidence_plugin.engine.uncertainty.priority import RULES

ENTRY = re.compile(r'value="(\d+)" color="(#[0-9a-f]{6})" label="([^"]*)"')
#: Machado, Oliveira and Fernandes (2009), severity 1, on linear RGB.
VISION = {
    "normal": np.eye(3),
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
               [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
               [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
               [0.004733, 0.691367, 0.303900]],
}  # fmt: skip
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def entries(name):
    text = (STYLES / f"{name}.qml").read_text(encoding="utf-8")
    return [(int(value), colour, label) for value, colour, label in ENTRY.findall(text)]


def lab(colour, vision):
    """Return CIE L*a*b* (D65) of a colour as this kind of vision sees it."""
    rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(np.asarray(VISION[vision]) @ linear, 0, 1)
    xyz = TO_XYZ @ seen / (0.9505, 1.0, 1.089)
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("name", ["bivariate", "priority", "levels"])
def test_classes_are_told_apart(name, vision):
    colours = [lab(colour, vision) for _value, colour, _label in entries(name)]
    nearest = min(np.linalg.norm(a - b) for a, b in itertools.combinations(colours, 2))
    assert nearest > 15  # 2.3 is just noticeable side by side


def test_bivariate_legend_is_the_matrix_from_its_top_row():
    found = entries("bivariate")
    assert [value for value, _colour, _label in found] == [7, 8, 9, 4, 5, 6, 1, 2, 3]
    assert {value: label for value, _c, label in found} == dict(enumerate(bivariate_labels(), 1))


def test_priority_legend_has_the_actions():
    assert [label for _value, _colour, label in entries("priority")] == [r.label for r in RULES]
    assert [value for value, _colour, _label in entries("priority")] == list(range(1, 8))
