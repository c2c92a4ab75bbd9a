"""Texts of the inspect panel: classes in the user's language, places, where exports begin."""

import os

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.inspection.place import (
    FactorValue,
    Pixel,
    PlaceReport,
    Value,
)
from land_subsidence.subsidence_plugin.engine.inspection.table import report_csv
from test_legend_labels import german  # noqa: F401 - a fixture


@pytest.fixture
def report():
    """A place with a class, a priority and a factor in classes."""
    found = PlaceReport(1.0, 2.0, "EPSG:32648")
    found.values = [
        Value("p", "probability", "", 0.25),
        Value("c", "susceptibility_classes", "", 1.0, "Very low"),
        Value("m", "priority", "", 1.0, "Robust high: intervene first"),
    ]
    found.factors = [FactorValue("rate", -30.0, 2.0, "-40.00001 to -20 mm/yr")]
    return found


def test_classes_are_named_in_the_users_language_and_in_english_in_the_csv(german, report):  # noqa: F811
    from land_subsidence.subsidence_plugin.gui.inspect.export import picture_lines
    from land_subsidence.subsidence_plugin.gui.inspect.page import (
        factors_table,
        headline,
        values_table,
    )
    from land_subsidence.subsidence_plugin.gui.inspect.words import figure_words

    first = headline(report, {})
    assert "<b>Sehr gering</b>" in first and "Sicher hoch: zuerst eingreifen" in first
    table = values_table(report.values, {})
    assert "Sehr gering" in table and "Sicher hoch: zuerst eingreifen" in table
    assert "class 2: −40 bis −20 mm/Jahr" in factors_table(report.factors)
    lines = picture_lines(report)
    assert lines[0].endswith(", class Sehr gering") and "Sicher hoch" in lines[1]
    label = figure_words().factor
    assert label("rate: −40 to −20 mm/yr") == "rate: −40 bis −20 mm/Jahr"
    assert label("Medium: High") == "Medium: Hoch" and label("Medium = 3") == "Medium = 3"
    table = report_csv(report)
    assert "Very low" in table and "-40.00001 to -20 mm/yr" in table and "gering" not in table


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ([], "No layer of this plugin has a value here."),
        ([False, True], "No layer of this plugin has a value here."),
        ([True], "No layer of this plugin has a value here."),
        ([False, False], "The place lies outside of all layers of this plugin."),
    ],
)
def test_outside_is_outside_of_every_layer(qgis_app, inside, expected):
    from land_subsidence.subsidence_plugin.gui.inspect.show import nothing_here

    pixels = [Pixel("p", "p.tif", "deformation_stack", {}, [], one) for one in inside]
    text = nothing_here(PlaceReport(np.nan, np.nan, "", pixels=pixels))
    assert text.startswith(expected)


def test_a_place_of_a_map_without_reference_system_is_written_in_full(qgis_app):
    from land_subsidence.subsidence_plugin.gui.inspect.show import place_text
    from qgis.core import QgsCoordinateReferenceSystem, QgsPointXY

    place = QgsPointXY(580808.0, 2336321.25)
    assert place_text(place, QgsCoordinateReferenceSystem()) == "580808.000, 2336321.250"
    assert place_text(place, None) == "580808.000, 2336321.250"


@pytest.mark.parametrize("home", ["", "/home of a project"])
def test_exports_begin_in_the_folder_of_the_project(qgis_app, monkeypatch, home):
    from land_subsidence.subsidence_plugin.gui.inspect import export

    class Project:
        @staticmethod
        def instance():
            return Project

        @staticmethod
        def homePath():
            return home

    class Dialog:
        @staticmethod
        def getSaveFileName(parent, title, first, kinds):
            return first, kinds

    monkeypatch.setattr(export, "QgsProject", Project)
    monkeypatch.setattr(export, "QFileDialog", Dialog)
    asked = export.ask_target(None, "Export CSV", "CSV (*.csv)", ".csv")
    assert asked == os.path.join(home, "place.csv")
