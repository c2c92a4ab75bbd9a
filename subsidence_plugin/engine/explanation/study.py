"""One run of an explanation: the game, its background, the rows, and what is worked out on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Optional

import numpy as np

from ..errors import InputError
from ..models.encode import encode
from ..progress import Progress
from .background import make_background
from .curves import ice_curves
from .game import Game
from .interaction import interaction, strongest_pair
from .result import Explanation, Ice, Interaction, Sample
from .rows import explain_rows, main_thread_value
from .samples import PARTS, SampleRows
from .tables import category_texts


@dataclass
class Place:
    """The sample or cell that the waterfall shows.

    ``row`` is its row in the samples layer, None for a cell; ``values`` in the model's order.
    """

    title: str
    values: np.ndarray
    row: Optional[int] = None
    label: Optional[int] = None


class Study:
    """Explains the rows of a samples layer.

    Parameters
    ----------
    game : Game
    samples : SampleRows
    ids : sequence of int
        Feature id of each row of the layer.
    background, rounds : int
        Rows that stand for an unknown factor, and orders drawn for each.
    part, most : int
        See ``SampleRows.part``.
    seed, workers : int
    progress : Progress

    Attributes
    ----------
    known : Background
    rows : 1d-array of int
        Rows of the layer that are explained.
    """

    def __init__(
        self,
        game: Game,
        samples: SampleRows,
        ids: Sequence[int],
        background: int = 100,
        rounds: int = 4,
        part: int = 0,
        most: int = 500,
        seed: int = 42,
        workers: int = 1,
        progress: Optional[Progress] = None,
    ) -> None:
        progress = progress or Progress()
        self.game, self.samples, self.ids, self.part = game, samples, list(ids), part
        self.rounds, self.seed, self.workers = rounds, seed, workers
        if rounds < 1:
            raise InputError(f"ROUNDS is {rounds}; at least 1 is needed.")
        behind = samples.inputs[samples.background(background, seed, progress)]
        self.known = make_background(behind, main_thread_value(game, progress))
        self.rows = samples.part(part, most, seed, progress)
        self._log_start(progress)

    @property
    def evaluations(self) -> int:
        """Predictions that the rows cost, at most."""
        pairs = max(self.game.factors - 1, 1)
        return len(self.rows) * self.rounds * 2 * len(self.known) * pairs

    def explain(self, progress: Progress) -> Explanation:
        """Return the Shapley values of the rows; the log says how exact they are."""
        rows, samples, model = self.rows, self.samples, self.game.model
        shap, error, prediction = explain_rows(
            self.game, self.known, samples.inputs[rows], self.rounds, self.seed, self.workers,
            progress,
        )  # fmt: skip
        explanation = Explanation(
            [f.name for f in model.factors], [f.kind for f in model.factors], samples.values[rows],
            shap, self.known.base, prediction, self.game.scale, self.game.calibrated, error,
            samples.label[rows], samples.split[rows].tolist(), [self.ids[row] for row in rows],
            category_texts(model.card), len(self.known), self.rounds,
        )  # fmt: skip
        self._log_result(explanation, progress)
        return explanation

    def curves(
        self, explanation: Explanation, progress: Progress
    ) -> tuple[list[Ice], Optional[Interaction]]:
        """Return the ICE curves of every factor, and the interaction of the two strongest."""
        value = main_thread_value(self.game, progress)
        curves = ice_curves(self.game, value, explanation, progress=progress.part(0, 0.3))
        pair = strongest_pair(explanation)
        if pair is None:
            return curves, None
        inputs = self.samples.inputs[self.rows]
        return curves, interaction(
            self.game, self.known, inputs, explanation, pair, self.rounds, self.seed, self.workers,
            progress.part(0.3, 1),
        )  # fmt: skip

    def sample(self, place: Optional[Place], explanation: Explanation) -> Sample:
        """Return what the waterfall shows; without a place the row of the highest prediction."""
        highest = int(explanation.prediction.argmax())
        title = f"sample {explanation.ids[highest]}, the highest prediction of those explained"
        if place is not None:
            at = np.flatnonzero(self.rows == place.row) if place.row is not None else []
            if not len(at):
                return self._other(place)
            highest, title = int(at[0]), place.title
        return Sample(
            title, explanation.values[highest], explanation.shap[highest],
            float(explanation.prediction[highest]),
            None if explanation.error is None else explanation.error[highest],
            _known(explanation.label[highest]), highest,
        )  # fmt: skip

    def _other(self, place: Place) -> Sample:
        """Explain a place that is none of the rows."""
        inputs, _clipped, valid = encode(place.values[None], self.game.model.factors)
        if not valid.all():
            raise InputError(
                f"The place of the waterfall, {place.title}, has no (known) value in some factor "
                "of the model; choose another in SAMPLE or POINT."
            )
        shap, error, prediction = explain_rows(
            self.game, self.known, inputs, self.rounds, self.seed
        )
        return Sample(
            place.title, place.values, shap[0], float(prediction[0]),
            None if error is None else error[0], _known(place.label),
        )  # fmt: skip

    def _log_start(self, progress: Progress) -> None:
        model, game = self.game.model, self.game
        recalibrated = "recalibrated" if game.calibrated else "not recalibrated"
        members = f", mean of {model.members} members" if model.members > 1 else ""
        progress.info(
            f"Model {model.model_id} ({model.card.architecture}{members}): {game.factors} factors; "
            f"{len(self.rows)} rows ({PARTS[self.part]}), background of {len(self.known)} training "
            f"rows, {self.rounds} rounds; scale: {game.scale}, {recalibrated}; base value "
            f"{self.known.base:.4f}."
        )

    def _log_result(self, explanation: Explanation, progress: Progress) -> None:
        strength, error = explanation.mean_absolute, explanation.error
        if not strength.any():
            progress.warn("The prediction is the same everywhere: all SHAP values are 0.")
            return
        shown = [f"{explanation.names[i]} {strength[i]:.4f}" for i in explanation.order[:5]]
        exact = "none for a single round" if error is None else f"{error.max():.4f}"
        progress.info(f"Mean |SHAP|, the strongest: {', '.join(shown)}.")
        progress.info(
            f"Base + sum = prediction within {explanation.additivity:.1e} on every row; largest "
            f"standard error of a row's value: {exact}."
        )

    def facts(self) -> dict[str, Any]:
        """Return how the values were made, for reports and metadata."""
        game = self.game
        return {
            "Scale": f"{game.scale}, {'recalibrated' if game.calibrated else 'not recalibrated'}",
            "Explained rows": f"{len(self.rows)} ({PARTS[self.part]})",
            "Background": f"{len(self.known)} training rows",
            "Rounds": f"{self.rounds} random orders a background row, each in both directions",
            "Seed": self.seed,
        }


def _known(label: Optional[int]) -> Optional[int]:
    return None if label is None or label < 0 else int(label)
