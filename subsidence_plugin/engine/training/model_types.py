"""All that can be trained, networks and baselines, by name; without numpy, as dialogs need it."""

from __future__ import annotations

from ..baselines.options import OPTIONS
from ..networks.registry import ARCHITECTURES

#: In the order of the parameter ``MODEL_TYPE``.
MODEL_TYPES = ("cnn", "lstm", "drdn", "cnnlstm", "logistic", "forest", "boosting", "frequencyratio")
MODEL_TITLES = tuple({**ARCHITECTURES, **OPTIONS}[name].title for name in MODEL_TYPES)
