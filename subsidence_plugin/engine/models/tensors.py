"""Names, types and shapes of the tensors in a model file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Union

import numpy as np

from ..errors import ModelFileError

#: Type and shape of a tensor; a number stands for any shape of so many dimensions.
Expected = tuple[str, Union[int, tuple[int, ...]]]


def check_tensors(arrays: Mapping[str, np.ndarray], expected: Mapping[str, Expected]) -> None:
    """Raise ``ModelFileError`` unless the arrays have these names, types and shapes, no others."""
    for name in expected:
        if name not in arrays:
            raise ModelFileError(f"The model file is damaged: the tensor '{name}' is missing.")
    surplus = sorted(name for name in arrays if name not in expected)
    if surplus:
        raise ModelFileError(
            f"The model file is damaged: the tensor {surplus[0][:60]!r} is surplus."
        )
    for name, (dtype, shape) in expected.items():
        array = arrays[name]
        fits = array.ndim == shape if isinstance(shape, int) else array.shape == shape
        if array.dtype != np.dtype(dtype) or not fits:
            wanted = f"in {shape} dimension(s)" if isinstance(shape, int) else shape
            raise ModelFileError(
                f"The model file is damaged: the tensor '{name}' is {array.dtype} {array.shape}, "
                f"its architecture needs {dtype} {wanted}."
            )
