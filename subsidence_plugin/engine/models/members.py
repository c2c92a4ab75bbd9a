"""What the cards of models and of forecasters share: members that may differ from each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Callable

import numpy as np

from ..errors import ModelFileError
from .tensors import Expected, check_tensors


class MemberCard:
    """A card with ``hyperparameters`` of all members, or one object a member where they differ."""

    hyperparameters: dict[str, Any]
    member_hyperparameters: list[dict[str, Any]]

    def hyperparameters_of(self, member: int) -> dict[str, Any]:
        """Return the hyperparameters of one member."""
        own = self.member_hyperparameters
        return own[member] if own else self.hyperparameters

    def described_hyperparameters(self) -> list[str]:
        """Return lines for people: one for all members, or one a member where these differ."""
        sets = self.member_hyperparameters or [self.hyperparameters]
        texts = [", ".join(f"{name} {short_number(v)}" for name, v in s.items()) for s in sets]
        if len(texts) == 1:
            return [f"Hyperparameters: {texts[0] or 'none'}"]
        return [f"Hyperparameters of member {i}: {text}" for i, text in enumerate(texts, 1)]


def short_number(value: Any) -> str:
    """Return a value for people: numbers with six digits (the file itself has all of them)."""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def check_each_member(
    card: MemberCard,
    members: Sequence[Mapping[str, np.ndarray]],
    expected_of: Callable[[dict[str, Any]], dict[str, Expected]],
) -> None:
    """Raise ``ModelFileError`` unless every member has the tensors of its hyperparameters.

    Parameters
    ----------
    card : MemberCard
    members : sequence of mapping of str to ndarray
    expected_of : callable
        From hyperparameters to names, types and shapes; called once where all members share them.
    """
    for index, member in enumerate(members):
        # Members of a tuned ensemble may differ in their hyperparameters.
        if index == 0 or card.member_hyperparameters:
            expected = expected_of(card.hyperparameters_of(index))
        try:
            check_tensors(member, expected)
        except ModelFileError as error:
            if not card.member_hyperparameters:
                raise
            raise ModelFileError(f"{str(error)[:-1]} (member {index + 1}).") from error
