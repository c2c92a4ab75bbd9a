"""Filtered and selected samples keep the metadata that says what their fields mean."""

import json

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.models.file import load_model
from land_subsidence.subsidence_plugin.engine.vector.write import write_points


@pytest.fixture
def samples(tmp_path):
    """Forty rows; the factor 'ground' is categorical, which only the metadata says."""
    rng = np.random.default_rng(3)
    label = np.tile([0, 1], 20)
    path = str(tmp_path / "samples.gpkg")
    columns = {
        "label": label,
        "split": ["train"] * 40,
        "slope": rng.normal(size=40) + label,
        "ground": np.tile([1.0, 2.0, 3.0, 4.0], 10),
        "part": np.repeat([1, 2], 20),
    }
    metadata = {
        "SUBSIDENCE_KIND": "samples",
        "factors": json.dumps(["slope", "ground"]),
        "kinds": json.dumps({"slope": "continuous", "ground": "categorical"}),
    }
    from osgeo import osr

    reference = osr.SpatialReference()
    reference.ImportFromEPSG(32648)
    crs = reference.ExportToWkt()
    write_points(path, np.arange(40.0), np.arange(40.0), columns, crs, metadata)
    return path


def layer_of(path):
    from qgis.core import QgsProject, QgsVectorLayer

    layer = QgsVectorLayer(path, "samples", "ogr")
    QgsProject.instance().addMapLayer(layer)
    return layer


def kinds_and_rows(path):
    card = load_model(path).card
    return {factor.name: factor.kind for factor in card.factors}, card.split["train"]["rows"]


@pytest.fixture
def context(qgis_app):
    from qgis.core import QgsProcessingContext, QgsProject

    context = QgsProcessingContext()
    context.setProject(QgsProject.instance())
    return context


def test_filtered_samples(run, samples, tmp_path, context):
    from qgis.core import QgsProject

    layer = layer_of(samples)
    layer.setSubsetString('"part" = 1')
    model = str(tmp_path / "model.safetensors")
    run(
        "subsidence:trainbaseline", {"SAMPLES": layer, "METHOD": 0, "MODEL": model}, context=context
    )
    kinds, rows = kinds_and_rows(model)
    QgsProject.instance().removeMapLayer(layer)
    assert kinds == {"slope": "continuous", "ground": "categorical"}
    assert rows == 20


def test_selected_samples(run, samples, tmp_path, context):
    from qgis.core import QgsProcessingFeatureSourceDefinition, QgsProject

    layer = layer_of(samples)
    layer.selectByExpression('"part" = 2 or "label" = 1')
    model = str(tmp_path / "model.safetensors")
    source = QgsProcessingFeatureSourceDefinition(layer.id(), True)
    run(
        "subsidence:trainbaseline",
        {"SAMPLES": source, "METHOD": 0, "MODEL": model},
        context=context,
    )
    kinds, rows = kinds_and_rows(model)
    QgsProject.instance().removeMapLayer(layer)
    assert kinds == {"slope": "continuous", "ground": "categorical"}
    assert rows == 30
