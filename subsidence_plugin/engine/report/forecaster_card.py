"""Report of ``modelinfo`` on a forecaster: what its file says, as tables."""

from __future__ import annotations

from typing import Optional

from ..forecasting.card import ForecasterCard
from ..forecasting.describe import intervals, lengths, part_and_baseline, source
from ..forecasting.forecaster import Forecaster
from ..models.describe import training, tuning_lines, versions
from .html import Heading, Section, Table, write_report

COLUMNS = ("RMSE", "MAE", "Bias", "R2", "R2_increments", "Skill")


def write_card_report(path: str, forecaster: Forecaster, name: str) -> None:
    """Write the page.

    Parameters
    ----------
    path : str
    forecaster : Forecaster
    name : str
        Of the file.
    """
    card = forecaster.card
    title = f"{forecaster.kind.title} ({name})"
    sections: list[Section] = []
    if card.metrics:
        sections += [Heading("How well it forecast"), _figures(forecaster)]
    if card.conformal is not None:
        sections += [Heading("Prediction intervals"), _widths(forecaster)]
    if card.covariates:
        rows = [[c["name"], c["mean"], c["std"]] for c in card.covariates]
        text = "Scaled with mean and standard deviation of the cells trained on."
        sections += [
            Heading("Covariates"), Table(("Covariate", "Mean", "Standard deviation"), rows, text)
        ]  # fmt: skip
    facts = {
        "Lengths": lengths(card),
        "Trained on": source(card),
        **dict(line.split(": ", 1) for line in card.described_hyperparameters()),
        "Training": training(card.training),
        **dict(line.split(": ", 1) for line in tuning_lines(card.training)),
        "Seeds": ", ".join(map(str, card.seeds)),
        "Trained with": versions(card),
        "Members": forecaster.members,
        "Id": forecaster.model_id,
    }  # fmt: skip
    write_report(path, f"Forecaster: {title}", sections, _lead(forecaster), facts)


def _lead(forecaster: Forecaster) -> str:
    """Return the skill on the dates that were not trained on, or that nobody measured it."""
    test = forecaster.card.metrics.get("test", {})
    skill, rmse = test.get("Skill"), test.get("RMSE")
    if not isinstance(rmse, (int, float)):
        return f"{forecaster.kind.title}: the file says nothing of how well it forecasts."
    text = f"{forecaster.kind.title} has an RMSE of {rmse:.3g} mm on its test dates"
    if isinstance(skill, (int, float)):
        better = "better than" if skill > 0 else "no better than"
        text += f", {better} the best baseline (skill {skill:+.3f})"
    return text + "."


def _figures(forecaster: Forecaster) -> Table:
    metrics = forecaster.card.metrics
    known = [name for name in COLUMNS if any(_is_number(m.get(name)) for m in metrics.values())]
    rows = [
        [": ".join(filter(None, part_and_baseline(part, forecaster.card))),
         *(own[name] if _is_number(own.get(name)) else None for name in known)]
        for part, own in metrics.items()
        if any(_is_number(own.get(name)) for name in known)
    ]  # fmt: skip
    return Table(
        ("Part", *known), rows,
        "Over all steps of the horizon, in mm where they have a unit. A part followed by a name is "
        "that baseline on the same values; skill is 1 less the ratio of the RMSE to that of the "
        "best baseline.",
    )  # fmt: skip


def _measured(card: ForecasterCard, coverage: float) -> Optional[str]:
    """Return which share of the test dates' values the intervals held, over all steps."""
    known = card.metrics.get("coverage", {}).get(f"{100 * coverage:g} %")
    shares = [share for share in known if _is_number(share)] if isinstance(known, list) else []
    return f"{sum(shares) / len(shares):.0%}" if shares else None


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float))


def _widths(forecaster: Forecaster) -> Table:
    card = forecaster.card
    conformal = card.conformal or {}
    rows = [
        [f"{coverage:.0%}", row[0], row[-1], _measured(card, coverage)]
        for coverage, row in zip(conformal["coverages"], conformal["quantiles"])
    ]
    return Table(
        ("Coverage", "First step", f"Step {card.horizon}", "Covered on test dates"), rows,
        f"{intervals(card)} Half the width of an interval is the number given here times the noise "
        f"of the cell's own series, which counts between {conformal['floor']:.3g} and "
        f"{conformal['ceiling']:.3g} mm.",
    )  # fmt: skip
