"""A worker that trains folds, without QGIS and GDAL: started by ``parallel``."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from ..errors import Cancelled, SubsidenceError
from ..progress import Progress
from ..training.fit import Recipe
from ..workers.folder import read_arrays
from ..workers.link import ParentLink
from .folds import Partition
from .recipes import Candidate
from .results import Rows, folds_of
from .running import run_fold


def main() -> int:
    """Run the folds that the parent orders; each is sent as soon as it is done."""
    link = ParentLink()
    orders, progress = link.orders, link.progress()
    try:
        candidates, rows, partitions = _read(orders)
        folds = folds_of(partitions)
        for index in orders["folds"]:
            progress.check()  # fits of a moment do not look for a Cancel themselves
            found = run_fold(
                candidates, rows, *folds[index], orders["device"], lambda _place: _quiet(progress)
            )
            link.send(fold=index, probability=[column.tolist() for column in found])
    except SubsidenceError as error:
        link.send(error=str(error))
        return 1
    except Cancelled:
        return 2
    return 0


def _read(orders: Mapping[str, Any]) -> tuple[list[Candidate], Rows, list[Partition]]:
    arrays = read_arrays(orders["data"])
    rows = Rows(arrays["values"], arrays["label"], orders["names"], orders["kinds"])
    partitions = [
        Partition(scheme, repeat, seed, arrays[f"fold{index}"], arrays.get(f"groups{index}"))
        for index, (scheme, repeat, seed) in enumerate(orders["partitions"])
    ]
    candidates = [
        Candidate(c["title"], tuple(Recipe(**r) for r in c["recipes"]), False, "")
        for c in orders["candidates"]
    ]
    return candidates, rows, partitions


def _quiet(progress: Progress) -> Progress:
    """Return a progress that passes on warnings alone."""

    def message(text: str, level: str) -> None:
        if level == "warning":
            progress.warn(text)

    return Progress(None, message, progress.cancelled)


if __name__ == "__main__":
    sys.exit(main())
