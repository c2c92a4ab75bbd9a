"""Explains the prediction at one place of a map: finds model, stack and background by itself."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from ..errors import InputError, SubsidenceError
from ..explanation.background import make_background
from ..explanation.game import Game
from ..explanation.permutations import Background
from ..explanation.rows import main_thread_value
from ..explanation.samples import read_samples
from ..explanation.stack import to_model_values
from ..inspection.explain import (
    BACKGROUND,
    SEED,
    background_of_cells,
    explain_values,
    from_raster,
    one_thread,
)
from ..inspection.place import (
    NO_MODEL,
    NO_PROBABILITY,
    NO_STACK,
    OUTSIDE,
    Pixel,
    PlaceReport,
    PlaceShap,
    Source,
)
from ..models.file import load_model
from ..needs import need
from ..prediction.matching import Match
from ..progress import Progress
from ..raster.pixel import cell_at
from ..raster.read import Raster
from ..raster.sample import sample_cells
from ..vector.inventory import field_in_use
from ..vector.read import read_features
from .place_inputs import find_model, find_stack, model_id

#: Cells drawn from a stack, of which the complete ones become the background.
DRAWN = 20 * BACKGROUND


class PlaceExplainer:
    """Explains places one after the other, and keeps model and background between them.

    What is kept belongs to a state of a file: a file that is written anew is read anew.
    """

    def __init__(self) -> None:
        self._files: dict[tuple, tuple] = {}
        self._games: dict[tuple, Game] = {}
        self._backgrounds: dict[tuple, tuple[Background, str]] = {}

    def prepare(
        self, progress: Progress, sources: Sequence[Source], models: Mapping[str, str]
    ) -> None:
        """Load the model of the uppermost probability raster, and what draws figures.

        That costs seconds for the first time, and nothing is lost where it fails: the first
        explanation says why.
        """
        need("matplotlib.backends.backend_agg", "to draw figures")
        for source in sources:
            progress.check()
            if not source.is_raster or source.problem:
                continue
            try:
                raster = Raster(source.source)
                if raster.metadata.get("SUBSIDENCE_KIND") == "probability":
                    pixel = Pixel(source.name, raster.path, "probability", raster.metadata, ())
                    path = self._file(pixel, models)
                    if path:
                        self._game(path)
                    return
            except SubsidenceError:
                continue

    def explain(
        self, progress: Progress, report: PlaceReport, models: Mapping[str, str]
    ) -> PlaceReport:
        """Return the report with the SHAP values of its uppermost probability raster.

        A raster of SHAP values of the same model is read instead of computing. Where something
        is missing the report says what.

        Parameters
        ----------
        progress : Progress
            Asked for Cancel at every batch of predictions.
        report : PlaceReport
        models : mapping of str to str
            Model id to the file that the user chose for it.
        """
        probability = report.pixel("probability")
        ready = self._ready(report, probability)
        if ready is not None:
            return replace(report, shap=ready, missing="")
        if probability is None:
            has_one = any(pixel.kind == "probability" for pixel in report.pixels)
            return replace(report, missing=OUTSIDE if has_one else NO_PROBABILITY)
        try:
            path = self._file(probability, models)
            if not path:
                return replace(report, missing=NO_MODEL)
            with_shap = self._computed(progress, report, probability, path)
        except SubsidenceError as error:
            return replace(report, missing=str(error))
        if with_shap is None:
            return replace(report, missing=NO_STACK)
        return replace(report, shap=with_shap, missing="")

    def _ready(self, report: PlaceReport, probability: Pixel) -> PlaceShap:
        """Return what a raster of SHAP values of the same model holds."""
        for pixel in report.pixels:
            same = probability is None or model_id(pixel) == model_id(probability)
            if pixel.kind == "shap" and pixel.known and same:
                shap = from_raster(pixel, report.factors)
                return shap and _with_map(shap, probability)
        return None

    def _computed(
        self, progress: Progress, report: PlaceReport, probability: Pixel, path: str
    ) -> PlaceShap:
        game = self._game(path)
        with one_thread(game.model):
            found = find_stack(probability, report.pixels, game.model.card, progress)
            if found is None:
                return None
            raster, match = found
            cell = cell_at(raster, report.x, report.y, report.crs)
            if cell is None:
                raise InputError(
                    f"The place lies outside the stack '{raster.path}' that the map was made of."
                )
            values = raster.read((*cell, 1, 1), match.bands).reshape(-1, 1)
            to_model_values(values, match, game.model)
            background, layer = self._background(game, path, report, raster, match, progress)
            shap = explain_values(game, background, values[:, 0], progress)
        shap = replace(shap, model_file=path, background_layer=layer)
        return _with_map(shap, probability)

    def _file(self, probability: Pixel, models: Mapping[str, str]) -> str:
        """Return the model file; whole folders are looked through once only."""
        key = probability.path, model_id(probability), tuple(models.items())
        known = self._files.get(key)
        if known is None or _state(known[0]) != known:
            self._files[key] = _state(find_model(probability, models))
        return self._files[key][0]

    def _game(self, path: str) -> Game:
        key = _state(path)
        if key not in self._games:
            self._games = {key: Game(load_model(path))}
        return self._games[key]

    def _background(
        self, game: Game, path: str, report: PlaceReport, raster: Raster, match: Match,
        progress: Progress,
    ) -> tuple[Background, str]:  # fmt: skip
        """Return the background and the layer of its rows; without samples cells of the stack."""
        samples = [(source.name, source.source) for source in report.samples]
        files = [_state(source.partition("|")[0]) for _name, source in samples]
        key = (_state(path), tuple(samples), tuple(files), _state(raster.path))
        if key not in self._backgrounds:
            found = None
            for name, source in samples:
                found = found or _of_samples(game, name, source, progress)
            found = found or (_of_stack(game, raster, match, progress), "")
            self._backgrounds = {key: found}
        return self._backgrounds[key]


def _state(path: str) -> tuple:
    try:
        stat = os.stat(path)
    except OSError:
        return path, 0, 0
    return path, stat.st_mtime_ns, stat.st_size


def _with_map(shap: PlaceShap, probability: Pixel) -> PlaceShap:
    if probability is None:
        return shap
    prevalence = probability.metadata.get("SUBSIDENCE_PREVALENCE", "")
    return replace(shap, mapped=probability.bands[0].value, prevalence=prevalence)


def _of_samples(game: Game, name: str, source: str, progress: Progress) -> tuple:
    """Return training rows of a layer of samples, None where it is of another model."""
    try:
        features = read_features(source)
        label = field_in_use(features, "label", "label")
        split = field_in_use(features, "split", "split")
        quiet = Progress(on_message=lambda text, level: None, is_cancelled=progress.cancelled)
        rows = read_samples(game.model, features.columns, features.metadata, label, split, quiet)
        chosen = rows.background(BACKGROUND, SEED, quiet)
    except InputError:
        return None
    return make_background(rows.inputs[chosen], main_thread_value(game, progress)), name


def _of_stack(game: Game, raster: Raster, match: Match, progress: Progress) -> Background:
    random, grid = np.random.default_rng(SEED), raster.grid
    rows = random.integers(grid.height, size=DRAWN)
    columns = random.integers(grid.width, size=DRAWN)
    bands = [index - 1 for index in match.bands]
    values = np.ascontiguousarray(sample_cells(raster, rows, columns, progress, 1)[:, bands].T)
    to_model_values(values, match, game.model)
    return background_of_cells(game, values.T, progress)
