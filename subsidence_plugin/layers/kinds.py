"""What each kind of result is called and the group of the layer tree that it belongs to."""

from __future__ import annotations

from pathlib import Path

from qgis.core import QgsMapLayer, QgsRasterLayer, QgsVectorLayer, QgsWkbTypes

from ..engine.errors import SubsidenceError
from ..engine.raster.read import Raster
from ..engine.vector.read import open_layer
from ..translate import tr

#: ``SUBSIDENCE_KIND`` of a layer and its group, from the top of the map to its bottom.
KINDS = {
    "inventory": "points",
    "samples": "points",
    "fold_map": "points",
    "shap_samples": "points",
    "insar": "points",
    "point_forecast": "points",
    "residual_points": "points",
    "susceptibility_classes": "susceptibility",
    "probability": "susceptibility",
    "truth": "susceptibility",
    "spread": "susceptibility",
    "members": "susceptibility",
    "applicability": "susceptibility",
    "dissimilarity": "susceptibility",
    "dominant_factor": "explanation",
    "shap": "explanation",
    "priority": "uncertainty",
    "bivariate": "uncertainty",
    "levels": "uncertainty",
    "exceedance": "uncertainty",
    "class_probability": "uncertainty",
    "confidence": "uncertainty",
    "ensemble_spread": "uncertainty",
    "rank_variance": "uncertainty",
    "ensemble_median": "uncertainty",
    "forecast_change": "forecast",
    "deformation_forecast": "forecast",
    "forecast_lower": "forecast",
    "forecast_upper": "forecast",
    "forecast_spread": "forecast",
    "forecast_members": "forecast",
    "residual_signed": "residuals",
    "residual_absolute": "residuals",
    "residual_hotspots": "residuals",
    "deformation_stack": "deformation",
    "class_stack": "factors",
    "factor_stack": "factors",
    "dem": "factors",
}
#: Groups from the top of the layer tree to its bottom.
GROUPS = (
    "points", "vectors", "susceptibility", "explanation", "uncertainty", "forecast", "residuals",
    "deformation", "rasters", "factors", "tables",
)  # fmt: skip
#: Points with a field a date.
SERIES = ("insar", "point_forecast")
#: Rasters whose bands are dates, which the temporal controller shows one after the other.
DATED = (
    "deformation_stack", "deformation_forecast", "forecast_change", "forecast_lower",
    "forecast_upper", "forecast_spread", "residual_signed",
)  # fmt: skip


def group_title(group: str) -> str:
    """Return the title of a group in the user's language."""
    return {
        "points": tr("Points"),
        "vectors": tr("Lines and areas"),
        "susceptibility": tr("Susceptibility"),
        "explanation": tr("Explanation"),
        "uncertainty": tr("Uncertainty"),
        "forecast": tr("Forecast"),
        "residuals": tr("Forecast residuals"),
        "deformation": tr("Deformation"),
        "rasters": tr("Other maps"),
        "factors": tr("Conditioning factors"),
        "tables": tr("Tables"),
    }[group]


def kind_title(kind: str) -> str:
    """Return what a layer of this kind is called in a map, empty for an unknown kind."""
    return {
        "inventory": tr("Subsidence inventory"),
        "samples": tr("Samples"),
        "fold_map": tr("Folds of cross-validation"),
        "shap_samples": tr("SHAP values of samples"),
        "insar": tr("InSAR mean velocity"),
        "point_forecast": tr("Forecast at points"),
        "residual_points": tr("Residuals at points"),
        "susceptibility_classes": tr("Susceptibility classes"),
        "probability": tr("Subsidence probability"),
        "truth": tr("True probability of the example"),
        "spread": tr("Ensemble spread"),
        "members": tr("Ensemble members"),
        "applicability": tr("Area of applicability"),
        "dissimilarity": tr("Dissimilarity index"),
        "dominant_factor": tr("Dominant factor"),
        "shap": tr("SHAP values"),
        "priority": tr("Monitoring priority"),
        "bivariate": tr("Level by spread"),
        "levels": tr("Levels of the ensemble"),
        "exceedance": tr("Exceedance probability"),
        "class_probability": tr("Probability of each level"),
        "confidence": tr("Confidence in the level"),
        "ensemble_spread": tr("Spread of the members"),
        "rank_variance": tr("Rank variance"),
        "ensemble_median": tr("Ensemble median"),
        "forecast_change": tr("Forecast change"),
        "deformation_forecast": tr("Deformation forecast"),
        "forecast_lower": tr("Lower end of the interval"),
        "forecast_upper": tr("Upper end of the interval"),
        "forecast_spread": tr("Spread of the forecast"),
        "forecast_members": tr("Members of the forecast"),
        "residual_signed": tr("Signed residuals"),
        "residual_absolute": tr("Absolute residuals"),
        "residual_hotspots": tr("Hotspots of errors"),
        "deformation_stack": tr("Deformation"),
        "class_stack": tr("Factor classes"),
        "factor_stack": tr("Conditioning factors"),
        "dem": tr("Elevation model"),
    }.get(kind, "")


def group_of(layer: QgsMapLayer, kind: str) -> str:
    """Return the group of a layer: that of its kind, else by what it holds."""
    if kind in KINDS:
        return KINDS[kind]
    if isinstance(layer, QgsRasterLayer):
        return "rasters"
    if not isinstance(layer, QgsVectorLayer) or not layer.isSpatial():
        return "tables"
    points = layer.geometryType() == QgsWkbTypes.GeometryType.PointGeometry
    return "points" if points else "vectors"


def rank_of(kind: str) -> int:
    """Return the place of a kind from the top of the map; unknown kinds come last."""
    kinds = list(KINDS)
    return kinds.index(kind) if kind in KINDS else len(kinds)


def kind_of(layer: QgsMapLayer) -> str:
    """Return the ``SUBSIDENCE_KIND`` of a layer, empty where it has none."""
    return metadata_of(layer).get("SUBSIDENCE_KIND", "")


def metadata_of(layer: QgsMapLayer) -> dict[str, str]:
    """Return the metadata of a layer's file, empty where it cannot be read."""
    try:
        if isinstance(layer, QgsRasterLayer):
            return Raster(layer.source()).metadata
        if layer.providerType() == "ogr":
            dataset, ogr_layer = open_layer(layer.source())
            return {**(dataset.GetMetadata() or {}), **(ogr_layer.GetMetadata() or {})}
    except SubsidenceError:
        pass
    return {}


def file_of(layer: QgsMapLayer) -> Path:
    """Return the data file of a layer."""
    return Path(layer.source().split("|")[0])
