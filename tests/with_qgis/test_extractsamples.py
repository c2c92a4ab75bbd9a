"""``subsidence:extractsamples`` by id: layers of all sorts, bad input, Cancel, qgis_process."""

import threading

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.raster.grid import Grid
from land_subsidence.subsidence_plugin.engine.raster.write import RasterWriter
from land_subsidence.subsidence_plugin.engine.vector.read import read_features
from land_subsidence.subsidence_plugin.engine.vector.write import write_points
from osgeo import osr
from qgis.core import (
    QgsFeature,
    QgsGeometry,
    QgsPointXY,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeatureSourceDefinition,
    QgsProcessingFeedback,
    QgsProject,
    QgsVectorLayer,
)

NAME = "subsidence:extractsamples"
reference = osr.SpatialReference()
reference.ImportFromEPSG(32648)
GRID = Grid(40, 30, (500000.0, 10.0, 0.0, 2000300.0, 0.0, -10.0), reference.ExportToWkt())


@pytest.fixture
def stack(tmp_path):
    values = np.arange(2400, dtype=np.float32).reshape(2, 30, 40)
    path = str(tmp_path / "stack.tif")
    with RasterWriter(path, GRID, ["slope", "geology"], kinds=["continuous", "categorical"]) as w:
        w.write(values)
    return path


@pytest.fixture
def points(tmp_path):
    rng = np.random.default_rng(0)
    cells = rng.choice(1200, 100, replace=False)
    x, y = GRID.xy(cells % 40 + 0.5, cells // 40 + 0.5)
    path = str(tmp_path / "points.gpkg")
    write_points(path, x, y, {"label": np.arange(100) % 2, "cell": cells}, GRID.crs)
    return path


def memory_layer(labels, crs="EPSG:32648"):
    layer = QgsVectorLayer(f"Point?crs={crs}&field=label:double", "in memory", "memory")
    features = []
    for number, label in enumerate(labels):
        feature = QgsFeature(layer.fields())
        x, y = GRID.xy(number % 40 + 0.5, number // 40 + 0.5)
        feature.setGeometry(QgsGeometry.fromPointXY(QgsPointXY(x, y)))
        feature.setAttributes([label])
        features.append(feature)
    layer.dataProvider().addFeatures(features)
    return layer


def test_samples_hold_the_factors_of_their_cells(run, tmp_path, stack, points, log):
    target = str(tmp_path / "s.gpkg")
    result = run(NAME, {"POINTS": points, "FACTORS": stack, "OUTPUT": target}, log)
    assert result == {"OUTPUT": target, "SAMPLES": 100, "TRAINING": 70, "VALIDATION": 30}
    found = read_features(target)
    assert list(found.columns) == ["label", "split", "fold", "slope", "geology"]
    assert found.number("slope").tolist() == read_features(points).number("cell").tolist()
    assert "train: 70 samples, 35 subsidence (1)." in log.text
    layer = QgsVectorLayer(target)
    assert layer.isValid()
    assert layer.crs().authid() == "EPSG:32648"


def test_native_rastersampling_agrees(run, tmp_path, stack, points):
    ours = run(NAME, {"POINTS": points, "FACTORS": stack, "OUTPUT": str(tmp_path / "s.gpkg")})
    native = run(
        "native:rastersampling",
        {"INPUT": points, "RASTERCOPY": stack, "COLUMN_PREFIX": "v", "OUTPUT": "TEMPORARY_OUTPUT"},
    )
    expected = [[f["v1"], f["v2"]] for f in native["OUTPUT"].getFeatures()]
    found = read_features(ours["OUTPUT"])
    assert np.array_equal(np.c_[found.number("slope"), found.number("geology")], expected)


def test_memory_layers_selections_and_filters(run, tmp_path, stack, points):
    def samples(source, name, context=None):
        target = str(tmp_path / f"{name}.gpkg")
        parameters = {"POINTS": source, "FACTORS": stack, "FOLDS": 2, "OUTPUT": target}
        run(NAME, parameters, context=context)
        return read_features(target)

    layer = memory_layer([0, 1, 1, 0, 1])
    assert samples(layer, "memory").number("label").tolist() == [0, 1, 1, 0, 1]
    project = QgsProject()
    project.addMapLayer(layer)
    context = QgsProcessingContext()
    context.setProject(project)
    layer.selectByIds([1, 2, 4])
    chosen = QgsProcessingFeatureSourceDefinition(layer.id(), selectedFeaturesOnly=True)
    # QGIS hands selected features over in no fixed order.
    assert sorted(samples(chosen, "selected", context).number("slope")) == [0, 1, 3]
    filtered = QgsVectorLayer(points, "filtered")
    filtered.setSubsetString('"cell" < 600')
    cells = read_features(points).number("cell")
    assert len(samples(filtered, "filtered")) == (cells < 600).sum()


@pytest.mark.parametrize(
    ("labels", "options", "text"),
    [
        ([], {}, "The layer of points holds no points or polygons; choose a layer with features."),
        (
            [0, 1, 7],
            {},
            "The field 'label' must be 1 (subsidence) or 0 (none), but it also holds 7 (1×); "
            "choose another field or recode it.",
        ),
        ([0, 1, 1], {"FOLDS": 9}, "There are 3 points, too few for 9 folds; use fewer folds."),
        ([0, 1, 1], {"OUTPUT": "s.shp"}, "Samples cannot be a shapefile, which cuts field names"),
    ],
)
def test_bad_input_is_one_sentence_and_no_file(run, tmp_path, stack, labels, options, text):
    target = tmp_path / options.get("OUTPUT", "s.gpkg")
    parameters = {"POINTS": memory_layer(labels), "FACTORS": stack, **options}
    with pytest.raises(QgsProcessingException) as error:
        run(NAME, {**parameters, "OUTPUT": str(target)})
    assert str(error.value).startswith(text)
    assert not target.exists()


def test_one_class_only_is_warned_of(run, tmp_path, stack, log):
    target = str(tmp_path / "s.gpkg")
    parameters = {"POINTS": memory_layer([1] * 10), "FACTORS": stack, "OUTPUT": target}
    run(NAME, parameters, log)
    assert "All samples have the label 1; training needs 0 and 1" in log.text


def test_cancel_from_another_thread_leaves_nothing(run, tmp_path, stack, points):
    feedback = QgsProcessingFeedback()
    thread = threading.Thread(target=feedback.cancel)
    thread.start()
    thread.join()
    target = tmp_path / "s.gpkg"
    run(NAME, {"POINTS": points, "FACTORS": stack, "OUTPUT": str(target)}, feedback)
    assert [
        p.name for p in tmp_path.iterdir() if "s.gpkg" in p.name and p != tmp_path / "points.gpkg"
    ] == []


def test_qgis_process_ends_with_an_error_code(qgis_process, tmp_path, stack, points):
    target = tmp_path / "s.gpkg"
    arguments = [f"--POINTS={points}", f"--FACTORS={stack}", f"--OUTPUT={target}"]
    done = qgis_process("run", NAME, *arguments, "--SPLIT=2", "--LABEL_FIELD=label")
    assert done.returncode == 0, done.stderr
    assert len(read_features(str(target))) == 100
    target.unlink()
    done = qgis_process("run", NAME, *arguments, "--LABEL_FIELD=cell")
    assert done.returncode != 0
    assert "The field 'cell' must be 1 (subsidence) or 0 (none)" in done.stdout + done.stderr
    assert not target.exists()


def test_ecuador_factors_in_a_stack_of_qgis(run, tmp_path, ecuador):
    """The single rasters, stacked by GDAL's own algorithm, give the table's values."""
    names = ("slope", "elev", "log10_carea")
    rasters = [str(ecuador / "factors" / f"{name}.tif") for name in names]
    merged = run(
        "gdal:buildvirtualraster",
        {"INPUT": rasters, "SEPARATE": True, "OUTPUT": str(tmp_path / "stack.vrt")},
    )["OUTPUT"]
    target = str(tmp_path / "s.gpkg")
    parameters = {"POINTS": str(ecuador / "lsl.gpkg"), "LABEL_FIELD": "lslpts", "FACTORS": merged}
    run(NAME, {**parameters, "ONE_PER_CELL": False, "SPLIT": 2, "OUTPUT": target})
    found, table = read_features(target), read_features(str(ecuador / "lsl.gpkg"))
    for band, name in enumerate(names, start=1):
        assert np.abs(found.number(f"stack_{band}") - table.number(name)).max() < 1e-3
