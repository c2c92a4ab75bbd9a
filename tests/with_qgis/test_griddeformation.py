"""Gridding of InSAR points by id, as QGIS sees its stack, and through ``qgis_process``."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.raster.read import Raster
from land_subsidence.subsidence_plugin.engine.vector.write import write_points
from qgis.core import QgsProcessingException, QgsProcessingFeatureSourceDefinition, QgsRasterLayer

pytest.importorskip("scipy")
NAMES = ["D20210101", "D20210113", "D20210125"]


@pytest.fixture
def points(tmp_path):
    """A bowl sinking 10 mm a date in its middle, points 50 m apart."""
    path = str(tmp_path / "points.gpkg")
    x, y = (v.ravel() for v in np.meshgrid(np.arange(0, 1000, 50.0), np.arange(0, 800, 50.0)))
    bowl = np.exp(-((x - 500) ** 2 + (y - 400) ** 2) / 2e4)
    columns = {name: np.round(-10 * k * bowl, 3) for k, name in enumerate(NAMES)}
    write_points(path, x + 5e5, y + 2.3e6, columns, "EPSG:32648", {"SUBSIDENCE_KIND": "insar"})
    return path


def test_a_bowl_by_id(points, tmp_path, run, log):
    from qgis.PyQt.QtGui import QColor

    target = str(tmp_path / "stack.tif")
    result = run(
        "subsidence:griddeformation",
        {"INPUT": points, "RESOLUTION": 50, "OUTPUT": target,
         "REPORT": str(tmp_path / "report.html")},
        log,
    )  # fmt: skip
    assert (result["BANDS"], result["CELLS"]) == (3, 320) and result["RMSE"] < 1
    layer = QgsRasterLayer(target)
    assert layer.bandCount() == 3 and layer.bandName(2) == "Band 2: 2021-01-13"
    renderer = layer.renderer()
    assert (renderer.type(), renderer.band()) == ("singlebandpseudocolor", 3)
    legend = [text for text, _colour in renderer.legendSymbologyItems()]
    assert legend[4] == "0" and "mm and less" in legend[0]
    block = renderer.block(3, layer.extent(), 20, 16)
    middle, corner = QColor(block.color(8, 10)), QColor(block.color(0, 0))
    assert middle.red() > 1.5 * middle.blue() and corner.name() == "#f7f7f7"
    assert (tmp_path / "report.html").stat().st_size > 10_000


def test_selected_points_in_an_extent(points, tmp_path, run):
    from qgis.core import QgsProcessingContext, QgsProject, QgsVectorLayer

    layer = QgsVectorLayer(f"{points}|layername=points", "points", "ogr")
    layer.selectByExpression("$x > 500400")
    context = QgsProcessingContext()
    project = QgsProject()
    project.addMapLayer(layer)
    context.setProject(project)
    result = run(
        "subsidence:griddeformation",
        {"INPUT": QgsProcessingFeatureSourceDefinition(layer.id(), True), "RESOLUTION": 50,
         "MAX_DISTANCE": 60, "EXTENT": "500000,501000,2300000,2300800 [EPSG:32648]",
         "STEP": 6, "OUTPUT": str(tmp_path / "stack.tif")},
        context=context,
    )  # fmt: skip
    raster = Raster(result["OUTPUT"])
    assert raster.grid.width == 20 and len(raster.bands) == 5
    values = raster.read(bands=[1])[0]
    assert np.isnan(values[:, :7]).all() and np.isfinite(values[:, 9:]).all()
    assert raster.metadata["GAP_BANDS"] == "2, 4"


def test_fill_distance_by_id(points, tmp_path, run, log):
    # points on corners of cells of 50 m: half the diagonal is 35.4 m, so that 35 m fill none of
    # the cells beside and 36 m all that have a point at a corner: 20 x 16 and a row and a column
    target = str(tmp_path / "stack.tif")
    arguments = {
        "INPUT": points, "RESOLUTION": 50, "OUTPUT": target, "LEFT_OUT": 0,
        "EXTENT": "499700,501200,2299700,2301000 [EPSG:32648]", "FILL_DISTANCE": 36,
    }  # fmt: skip
    result = run("subsidence:griddeformation", arguments, log)
    assert result["CELLS"] == 21 * 17 and Raster(target).metadata["FILL_DISTANCE"] == "36"
    assert "37 of the 357 cells with a value contain no point; values there are" in log.text
    for value in (501, 0):
        with pytest.raises(QgsProcessingException, match=rf"FILL_DISTANCE is {value}; it must be"):
            run("subsidence:griddeformation", {**arguments, "FILL_DISTANCE": value})
    parameter = _parameter("FILL_DISTANCE")
    advanced = parameter.flags() & parameter.Flag.FlagAdvanced
    assert advanced and parameter.defaultValue() is None and "MAX_DISTANCE" in parameter.help()


def _parameter(name):
    from qgis.core import QgsApplication

    algorithm = QgsApplication.processingRegistry().algorithmById("subsidence:griddeformation")
    return algorithm.parameterDefinition(name)


def test_a_layer_without_dates_is_refused(tmp_path, run):
    path = str(tmp_path / "plain.gpkg")
    write_points(path, np.arange(3.0), np.arange(3.0), {"depth": np.ones(3)}, "EPSG:32648")
    with pytest.raises(QgsProcessingException, match=r"no column of a date \(named 20200103"):
        run("subsidence:griddeformation", {"INPUT": path, "OUTPUT": str(tmp_path / "s.tif")})
    assert not (tmp_path / "s.tif").exists()


def test_through_qgis_process(points, tmp_path, qgis_process):
    target = tmp_path / "stack.tif"
    done = qgis_process(
        "run", "subsidence:griddeformation", f"--INPUT={points}", "--NEIGHBOURS=4",
        "--REMOVE_MEDIAN=true", f"--OUTPUT={target}",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert Raster(str(target)).names == ["2021-01-01", "2021-01-13", "2021-01-25"]
    bad = qgis_process(
        "run", "subsidence:griddeformation", f"--INPUT={points}", "--STEP=90",
        f"--OUTPUT={tmp_path / 'other.tif'}",
    )  # fmt: skip
    assert bad.returncode != 0 and "STEP is 90 days" in bad.stdout + bad.stderr
    assert not (tmp_path / "other.tif").exists()
