"""What a prediction says in the log when it is done."""

from __future__ import annotations

from collections.abc import Mapping

from ..progress import Progress

#: Share of pixels outside the training range from which the log warns.
MANY = 0.05


def log_summary(
    progress: Progress, pixels: int, valid: int, clipped: Mapping[str, int], seconds: float
) -> None:
    """Say how many pixels were predicted and how many lay outside the training range.

    Parameters
    ----------
    progress : Progress
    pixels, valid : int
        Of the raster, and those predicted (at least 1).
    clipped : mapping of str to int
        Valid pixels outside the training range, by factor; factors without any left out.
    seconds : float
        Time taken, reading and writing included.
    """
    progress.info(
        f"{valid} of {pixels} pixels predicted ({valid / pixels:.1%}) in {seconds:.1f} s; the "
        "others lack a value, or have a category that the model has not seen, in some factor."
    )
    shares = {name: count / valid for name, count in clipped.items()}
    if shares:
        named = ", ".join(f"{name} {share:.2%}" for name, share in shares.items())
        progress.info(f"Outside the range of the training rows, and set to its ends, lie: {named}.")
    many = [name for name, share in shares.items() if share > MANY]
    if many:
        progress.warn(
            f"More than {MANY:.0%} of the pixels lie outside the training range of "
            f"{', '.join(many)}: the model is asked about ground it was not trained on."
        )
