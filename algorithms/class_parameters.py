"""Parameters that all algorithms with class breaks share."""

from __future__ import annotations

from qgis.core import QgsProcessingParameterNumber, QgsProcessingParameterString

from .base import SubsidenceAlgorithm

#: First options of ``METHOD``, in the order of ``engine.classes.breaks.METHODS``.
BREAK_METHODS = (
    "Natural breaks (Jenks)", "Quantile", "Equal interval", "Standard deviation", "Manual",
)  # fmt: skip


def add_classes_and_breaks(
    algorithm: SubsidenceAlgorithm, classes_help: str, breaks_help: str
) -> None:
    """Add the parameters ``CLASSES`` and ``BREAKS``."""
    whole = QgsProcessingParameterNumber.Type.Integer
    algorithm.add(
        QgsProcessingParameterNumber(
            "CLASSES", "Number of classes", whole, 5, minValue=2, maxValue=255
        ),
        classes_help,
    )
    algorithm.add(
        QgsProcessingParameterString("BREAKS", "Manual breaks", optional=True), breaks_help
    )
