"""First page of the help: both chains in the order of work, and where results are."""

from __future__ import annotations

from html import escape

from ..translate import tr
from .help_links import SCHEME


def guide(titles: dict[str, str]) -> str:
    """Return the page as HTML.

    Parameters
    ----------
    titles : dict of str to str
        Title of every algorithm by its name; an algorithm that is not there gets no link.
    """
    return "".join(
        [
            f"<h1>{tr('Land subsidence')}</h1>",
            *_begin(titles),
            *_susceptibility(titles),
            *_forecast(titles),
            *_results(titles),
        ]
    )


def link(name: str, titles: dict[str, str]) -> str:
    """Return a link to an algorithm's page."""
    if name not in titles:
        return escape(name)
    return f"<a href='{SCHEME}:{name}'>{escape(titles[name])}</a>"


def _begin(titles: dict[str, str]) -> list[str]:
    example = tr(
        "New here? Choose <b>Plugins ▸ Land subsidence ▸ Open example project…</b>: it makes a "
        "small area whose truth is known and opens it as a map. Then run {susceptibility} or "
        "{forecast}: each goes the whole way by itself, with one dialog."
    ).format(
        susceptibility=link("susceptibilityworkflow", titles),
        forecast=link("forecastworkflow", titles),
    )
    toolbox = tr(
        "Every step is also a tool of its own, in <b>Processing ▸ Toolbox ▸ Land subsidence</b>, "
        "in groups numbered in the order of work. Choose a tool on the left to read what it does. "
        "Methods that learn need packages that QGIS does not bring: {installation} tells which are "
        "there and prints the line that installs the rest."
    ).format(installation=link("checkinstallation", titles))
    return [f"<p>{example}</p>", f"<p>{toolbox}</p>"]


def _susceptibility(titles: dict[str, str]) -> list[str]:
    steps = (
        (
            tr("Bring the conditioning factors together as the bands of one raster."),
            ("topographicfactors", "spectralindices", "alignfactors", "factorcorrelation"),
        ),
        (
            tr("Put the values of every factor into classes."),
            ("reclassifyfactors",),
        ),
        (
            tr("Get points where the ground sinks, from a survey or from InSAR velocities."),
            ("importinsar", "decomposelos", "insarinventory"),
        ),
        (
            tr("Draw points where it does not, and read the factors at all of them."),
            ("absencepoints", "extractsamples"),
        ),
        (
            tr("Train a model, and map the probability with it."),
            ("traindrdn", "trainbaseline", "crossvalidate", "tunemodel", "predictsusceptibility"),
        ),
        (
            tr("Put the probability into five classes."),
            ("classifysusceptibility",),
        ),
        (
            tr("Check on points that no model has seen, and see why the map says what it says."),
            ("validatemodel", "frequencyratio", "explainmodel", "applicability", "comparemodels"),
        ),
    )
    return [
        f"<h2>{tr('Where may the ground sink? The susceptibility map')}</h2>",
        *_steps(steps, titles),
    ]


def _forecast(titles: dict[str, str]) -> list[str]:
    steps = (
        (tr("Read the time series of InSAR points."), ("importinsar", "decomposelos")),
        (tr("Bring them onto a grid, one band a date."), ("griddeformation",)),
        (
            tr("Train networks that foretell the next dates; or have their settings searched."),
            ("trainforecaster", "tuneforecaster"),
        ),
        (tr("Forecast, with an interval."), ("forecastdeformation",)),
        (tr("See where forecasts were wrong on dates kept back."), ("forecastresiduals",)),
        (
            tr("See where the members of an ensemble disagree, and where to measure first."),
            ("ensembleuncertainty", "monitoringpriority"),
        ),
    )
    return [
        f"<h2>{tr('How will it move? The deformation forecast')}</h2>",
        *_steps(steps, titles),
    ]


def _results(titles: dict[str, str]) -> list[str]:
    kept = tr(
        "An output whose field is left empty is a temporary file, which QGIS deletes when it is "
        "closed: give a file name for what you want to keep. Maps are loaded with their style, "
        "which lies beside the file (.qml), so that they look the same when they are opened again."
    )
    reports = tr(
        "Reports are HTML pages: <b>Processing ▸ Results Viewer</b> lists those of this session. "
        "A model is a .safetensors file: {info} tells what it was trained on and with which "
        "figures. <b>Processing ▸ History</b> holds every run with its values."
    ).format(info=link("modelinfo", titles))
    panel = tr(
        "<b>Plugins ▸ Land subsidence ▸ Inspect panel</b>: click on the map to see what the "
        "layers say of that place. {project} makes a project with a print layout of the results."
    ).format(project=link("mapproject", titles))
    return [
        f"<h2>{tr('Where the results are')}</h2>",
        *(f"<p>{text}</p>" for text in (kept, reports, panel)),
    ]


def _steps(steps: tuple, titles: dict[str, str]) -> list[str]:
    """Return a numbered list: what is done, and the tools that do it."""
    items = [
        f"<li>{text}<br>{' · '.join(link(name, titles) for name in names)}</li>"
        for text, names in steps
    ]
    return ["<ol>", *items, "</ol>"]
