"""Sections on the skill of a forecast: tables, figures and their data say what was scored."""

import csv

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.naive.baselines import Baselines
from land_subsidence.subsidence_plugin.engine.naive.evaluation import evaluate
from land_subsidence.subsidence_plugin.engine.naive.increments import IncrementHistogram
from land_subsidence.subsidence_plugin.engine.naive.skill import lead, skill
from land_subsidence.subsidence_plugin.engine.report.forecast_examples import (
    Example,
    example_nodes,
)
from land_subsidence.subsidence_plugin.engine.report.forecast_sections import (
    chosen_steps,
    forecast_sections,
)
from land_subsidence.subsidence_plugin.engine.report.html import Figure, Table, write_report


def scored(horizon, gap=0):
    random = np.random.default_rng(1)
    levels = random.normal(size=(40, 90)).cumsum(axis=1)
    days = 18000 + 6 * np.arange(90)
    own = Baselines(6, horizon, gap).fit(levels, 70)
    plane = IncrementHistogram.of(levels, 70, horizon + gap)
    origins = np.arange(70, 90 - gap - horizon)

    def model(origin):
        return 0.9 * levels[:, own.targets(origin)] + 0.1 * levels[:, [origin]]

    found = evaluate(own, levels, levels == levels, days, origins, {"model": model}, plane)
    origin = int(origins[0])
    forecast = model(origin)
    examples = [
        Example(
            f"Cell {n}", days, levels[n], origin, days[own.targets(origin)], forecast[n],
            forecast[n] - 1, forecast[n] + 1, levels[n, [origin] * horizon],
        )
        for n in example_nodes(levels, 3)
    ]  # fmt: skip
    titles = {"model": "CNN + LSTM", **own.titles}
    return found, titles, skill(found, "model", own.names), own.names, plane, examples


@pytest.mark.parametrize(("horizon", "gap", "pictures"), [(12, 2, 4), (1, 0, 2)])
def test_a_page_shows_all_forecasts(tmp_path, horizon, gap, pictures):
    found, titles, own, baselines, plane, examples = scored(horizon, gap)
    sections = forecast_sections(
        found, titles, own, baselines, "the test part", plane, examples, gap
    )
    path = tmp_path / "report.html"
    write_report(str(path), "Forecast", sections, lead(own, titles), {"Rows": "40 cells"})
    page = path.read_text(encoding="utf-8")
    assert page.count("<img") == pictures
    assert ("2 dates are left out" in page) == (gap == 2)
    tables = [section for section in sections if isinstance(section, Table)]
    names = [row[0] for row in tables[0].rows]
    assert names == [title[:1].upper() + title[1:] for title in titles.values()]
    assert [row[1] for row in tables[0].rows] == pytest.approx(
        [found.rmse(name)[0] for name in found.names]
    )
    skills = {row[0]: row[-1] for row in tables[1].rows}
    assert skills["CNN + LSTM"] == pytest.approx(own.overall) and max(skills.values()) > 0.5
    assert (0, 1) in tables[0].bold and (0, 1) in tables[1].bold


def test_the_data_of_the_figures_are_what_was_scored(tmp_path):
    found, titles, own, baselines, plane, examples = scored(12)
    sections = forecast_sections(found, titles, own, baselines, "the test part", plane, examples)
    figures = {section.name: section.data for section in sections if isinstance(section, Figure)}
    assert list(figures) == ["rmse-by-step", "skill-by-step", "increments", "example-series"]
    assert (figures["rmse-by-step"]["rmse_annual"] == found.rmse("annual")).all()
    assert figures["skill-by-step"]["skill"] is own.by_horizon
    assert figures["increments"]["count"].sum() == found.count.sum()
    series = figures["example-series"]
    rows = [row for row in zip(*series.values()) if row[0] == examples[1].title]
    assert len(rows) == 48 + 12  # four times the horizon before it
    assert [row[3] for row in rows[48:]] == examples[1].forecast.tolist()
    assert [row[2] for row in rows] == examples[1].levels[23:83].tolist()
    write_report(str(tmp_path / "r.html"), "Forecast", sections, "x", {"a": 1})
    with (tmp_path / "r_data" / "figure-4-example-series.csv").open(encoding="utf-8") as file:
        assert len(list(csv.reader(file))) == 1 + 3 * 60


def test_a_line_gone_wild_leaves_the_axis_and_is_named():
    found, titles, own, baselines, *_ = scored(12)
    found._errors["recent"][2] *= 1e4
    sections = forecast_sections(found, titles, own, baselines)
    caption = next(s for s in sections if isinstance(s, Figure)).caption
    assert caption.endswith("Linear, last 6: beyond the axis, see the table.")


def test_examples_run_from_the_strongest_subsidence_to_uplift():
    levels = np.zeros((5, 3))
    levels[:, -1] = [3, -9, 0, 5, -1]
    assert example_nodes(levels, 3).tolist() == [1, 2, 3]
    assert example_nodes(levels[:2], 4).tolist() == [1, 0]


def test_steps_of_a_table():
    assert chosen_steps(30) == [1, 5, 10, 20, 30]
    assert chosen_steps(8) == [1, 5, 8] and chosen_steps(1) == [1]
