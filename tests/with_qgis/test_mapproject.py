"""The map project: opened again from where it stands, with styles, order and a layout."""

import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.raster.grid import Grid
from land_subsidence.subsidence_plugin.engine.raster.write import RasterWriter
from land_subsidence.subsidence_plugin.engine.styles import write_style
from land_subsidence.subsidence_plugin.engine.vector.write import write_points, write_table


def write_data(folder: Path, crs: str = "EPSG:32648", cell: float = 30.0) -> None:
    """Write a little of everything the susceptibility chain makes, each file styled."""
    from osgeo import osr

    reference = osr.SpatialReference()
    reference.SetFromUserInput(crs)
    wkt = reference.ExportToWkt()
    grid = Grid(60, 50, (10 * cell, cell, 0, 900 * cell, 0, -cell), wkt)
    probability = np.linspace(0, 1, 3000, dtype="float32").reshape(50, 60)
    rasters = {
        "susceptibility": ("probability", "float32", probability),
        "susceptibility_classes": ("susceptibility_classes", "uint8", 1 + probability * 4.999),
        "factors": ("factor_stack", "float32", probability * 100),
    }
    for name, (kind, dtype, values) in rasters.items():
        path = str(folder / f"{name}.tif")
        with RasterWriter(path, grid, ["b"], dtype, metadata={"SUBSIDENCE_KIND": kind}) as writer:
            writer.write(values[None].astype(dtype))
        write_style(name if kind == "factor_stack" else kind, path)
    columns = {"label": np.array([1, 0, 1]), "split": ["train", "train", "validation"]}
    x, y = grid.xy(np.array([5.5, 30.5, 50.5]), np.array([5.5, 30.5, 45.5]))
    path = str(folder / "samples.gpkg")
    write_points(path, x, y, columns, wkt, {"SUBSIDENCE_KIND": "samples"})
    write_style("samples", path)
    write_table(str(folder / "frequency_ratio.csv"), {"class": [1, 2], "ratio": [0.5, 2.0]})


NAMES = (
    "factors.tif", "susceptibility.tif", "frequency_ratio.csv", "samples.gpkg",
    "susceptibility_classes.tif",
)  # fmt: skip


@pytest.fixture
def data(tmp_path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    write_data(folder)
    return folder


def parameters(folder: Path, output: Path, **more) -> dict:
    layers = [str(folder / name) for name in NAMES]
    return {"LAYERS": layers, "TITLE": 'Area "A" & <B>', "OUTPUT": str(output), **more}


@pytest.fixture
def opened(qgis_app):
    """Open a project, which then lives as long as the test."""
    from qgis.core import QgsProject

    projects = []

    def read(path: Path) -> QgsProject:
        projects.append(QgsProject())
        assert projects[-1].read(str(path))
        return projects[-1]

    return read


def test_project_is_styled_ordered_and_grouped(run, data, opened):
    output = data / "map.qgz"
    assert run("subsidence:mapproject", parameters(data, output)) == {"OUTPUT": str(output)}
    project = opened(output)
    nodes = project.layerTreeRoot().findLayers()
    found = [(n.parent().name(), n.name(), n.isVisible()) for n in nodes]
    assert found == [
        ("Points", "Samples", True),
        ("Susceptibility", "Susceptibility classes", True),
        ("Susceptibility", "Subsidence probability", False),
        ("Conditioning factors", "Conditioning factors", False),
        ("Tables", "Frequency ratio", False),
    ]
    assert [n.layer().renderer().type() for n in nodes[:4]] == [
        "categorizedSymbol",
        "paletted",
        "singlebandpseudocolor",
        "singlebandgray",
    ]
    assert all(n.layer().isValid() for n in nodes)
    assert project.title() == 'Area "A" & <B>'
    assert project.crs().authid() == "EPSG:32648"
    box = project.viewSettings().defaultViewExtent()
    assert (box.xMinimum(), box.yMaximum()) == (300, 27000)


def test_layers_are_found_after_project_and_data_moved_together(run, data, tmp_path, opened):
    (data / "maps").mkdir()
    run("subsidence:mapproject", parameters(data, data / "maps" / "map.qgz"))
    shutil.move(str(data), str(tmp_path / "elsewhere"))
    project = opened(tmp_path / "elsewhere" / "maps" / "map.qgz")
    assert len(project.mapLayers()) == 5
    for layer in project.mapLayers().values():
        assert layer.isValid()
        assert str(tmp_path / "elsewhere") in layer.source()
    with zipfile.ZipFile(tmp_path / "elsewhere" / "maps" / "map.qgz") as archive:
        for name in archive.namelist():
            assert str(tmp_path).encode() not in archive.read(name)
            assert b"partial" not in archive.read(name)


def test_layout_has_map_title_legend_scale_bar_and_arrow(run, data, opened):
    from qgis.core import (
        QgsLayoutItemLabel,
        QgsLayoutItemLegend,
        QgsLayoutItemMap,
        QgsLayoutItemPicture,
        QgsLayoutItemScaleBar,
    )

    run("subsidence:mapproject", parameters(data, data / "map.qgz"))
    project = opened(data / "map.qgz")
    layout = project.layoutManager().layoutByName("Map")

    def item(kind):
        return next(i for i in layout.items() if isinstance(i, kind))

    drawn = [layer.name() for layer in item(QgsLayoutItemMap).layers()]
    assert drawn == ["Samples", "Susceptibility classes"]
    legend = [n.name() for n in item(QgsLayoutItemLegend).model().rootGroup().findLayers()]
    assert legend == drawn
    box = item(QgsLayoutItemMap).extent()
    assert box.xMinimum() < 300 and box.xMaximum() > 2100
    assert box.yMinimum() < 25500 and box.yMaximum() > 27000
    labels = [i.text() for i in layout.items() if isinstance(i, QgsLayoutItemLabel)]
    assert 'Area "A" & <B>' in labels
    assert any("EPSG:32648" in text for text in labels)
    # 1500 m of rows fill 168 mm with a margin of 4 %: 200 mm are 1857 m, the bar's 40 mm 371 m.
    bar = item(QgsLayoutItemScaleBar)
    assert (bar.unitLabel(), bar.unitsPerSegment(), bar.numberOfSegments()) == ("m", 100, 2)
    assert item(QgsLayoutItemPicture).picturePath().startswith("base64:")
    assert not item(QgsLayoutItemPicture).isMissingImage()


def test_pdf_is_one_page_that_shows_the_classes(run, data, tmp_path, opened):
    from qgis.core import QgsLayoutExporter

    pdf = data / "map.pdf"
    outcome = run("subsidence:mapproject", parameters(data, data / "map.qgz", PDF=str(pdf)))
    assert outcome["PDF"] == str(pdf)
    content = pdf.read_bytes()
    assert content.startswith(b"%PDF") and content.count(b"/Type /Page\n") == 1
    layout = opened(data / "map.qgz").layoutManager().layouts()[0]
    image = QgsLayoutExporter(layout).renderPageToImage(0, dpi=50)
    colours = {
        image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())
    }
    assert {"#2c7bb6", "#abd9e9", "#ffffbf", "#fdae61", "#d7191c"} <= colours


@pytest.mark.parametrize("limit", [5_000, 30_000])
def test_a_full_disk_leaves_no_half_a_pdf(run, data, tmp_path, limit):
    """Files limited in size stand for a full disk: the project fits into the larger limit."""
    from qgis.core import QgsProcessingException

    resource = pytest.importorskip("resource", reason="needs a POSIX system")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    folder = tmp_path / "full"
    folder.mkdir()
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        with pytest.raises(QgsProcessingException, match="written"):
            pdf = str(folder / "map.pdf")
            run("subsidence:mapproject", parameters(data, folder / "map.qgz", PDF=pdf))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(folder.iterdir()) == []


def test_degrees_get_a_scale_bar_in_kilometres(run, tmp_path, opened):
    from qgis.core import QgsLayoutItemScaleBar

    write_data(tmp_path, "EPSG:4326", 0.01)
    run("subsidence:mapproject", parameters(tmp_path, tmp_path / "map.qgz"))
    layout = opened(tmp_path / "map.qgz").layoutManager().layouts()[0]
    bar = next(i for i in layout.items() if isinstance(i, QgsLayoutItemScaleBar))
    # 0.5 degrees high at 8.75 N: 0.619 degrees wide = 68.1 km, the bar's 40 mm are 13.6 km.
    assert (bar.unitLabel(), bar.unitsPerSegment()) == ("km", 5)


def test_layer_of_the_window_keeps_its_own_style_and_name(run, data, opened):
    from qgis.core import QgsProcessingContext, QgsProject, QgsRasterLayer

    window, context = QgsProject(), QgsProcessingContext()
    context.setProject(window)
    layer = QgsRasterLayer(str(data / "susceptibility.tif"), "My map")
    layer.setOpacity(0.25)
    window.addMapLayer(layer)
    run(
        "subsidence:mapproject",
        {"LAYERS": [layer.id()], "OUTPUT": str(data / "map.qgz")},
        context=context,
    )
    (copy,) = opened(data / "map.qgz").mapLayers().values()
    assert (copy.name(), copy.renderer().opacity()) == ("My map", 0.25)
    assert list(window.mapLayers().values()) == [layer]


def test_copy_of_a_layer_of_the_window_keeps_the_ends_of_its_ramp(run, data):
    from qgis.core import QgsProcessingContext, QgsProject, QgsRasterLayer

    window, context = QgsProject.instance(), QgsProcessingContext()
    window.clear()
    context.setProject(window)
    layer = QgsRasterLayer(str(data / "susceptibility.tif"), "My map")
    layer.loadDefaultStyle()
    window.addMapLayer(layer)
    values = {"LAYERS": [layer.id()], "OUTPUT": str(data / "map.qgz")}
    run("subsidence:mapproject", values, context=context)
    window.clear()
    with zipfile.ZipFile(data / "map.qgz") as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".qgs")]
        text = archive.read(name).decode("utf-8")
    assert 'classificationMin="0"' in text and 'classificationMax="1"' in text
    assert '="nan"' not in text


def test_same_kind_twice_is_told_apart_by_file(run, data, opened):
    shutil.copy(data / "susceptibility.tif", data / "other.tif")
    layers = [str(data / "susceptibility.tif"), str(data / "other.tif")]
    run("subsidence:mapproject", {"LAYERS": layers, "OUTPUT": str(data / "map.qgz")})
    names = {layer.name() for layer in opened(data / "map.qgz").mapLayers().values()}
    assert names == {"Subsidence probability (susceptibility)", "Subsidence probability (other)"}


@pytest.mark.parametrize(
    "change, sentence",
    [
        ({"OUTPUT": "{folder}/map.txt"}, r"must end in \.qgz"),
        ({"OUTPUT": "{folder}/samples.gpkg/map.qgz"}, "output folder .* cannot be written"),
        ({"LAYERS": ["{folder}/frequency_ratio.csv"]}, "No layer has an extent to draw"),
    ],
)
def test_bad_input_gets_one_sentence_and_no_file(run, data, change, sentence):
    from qgis.core import QgsProcessingException

    before = sorted(data.iterdir())
    change = {
        key: [v.format(folder=data) for v in value]
        if isinstance(value, list)
        else value.format(folder=data)
        for key, value in change.items()
    }
    with pytest.raises(QgsProcessingException, match=sentence):
        run("subsidence:mapproject", {**parameters(data, data / "map.qgz"), **change})
    assert sorted(data.iterdir()) == before


def test_temporary_layer_is_refused(run, data):
    from qgis.core import QgsProcessingContext, QgsProcessingException, QgsProject, QgsVectorLayer

    window, context = QgsProject(), QgsProcessingContext()
    context.setProject(window)
    layer = QgsVectorLayer("Point?crs=EPSG:4326", "scratch", "memory")
    window.addMapLayer(layer)
    with pytest.raises(QgsProcessingException, match="'scratch' is a temporary one"):
        values = {"LAYERS": [layer.id()], "OUTPUT": str(data / "map.qgz")}
        run("subsidence:mapproject", values, context=context)
    assert not (data / "map.qgz").exists()


def test_outputs_loaded_into_the_window_take_their_style(run, data):
    """Processing loads outputs without the file beside them; our algorithms see to that."""
    from land_subsidence.algorithms import styling
    from qgis.core import QgsProcessingContext, QgsProcessingUtils, QgsProject

    path, context, project = str(data / "susceptibility.tif"), QgsProcessingContext(), QgsProject()
    details = QgsProcessingContext.LayerDetails("s", project)
    context.addLayerToLoadOnCompletion(path, details)
    styling.style_when_loaded(path, context)
    layer = QgsProcessingUtils.mapLayerFromString(path, context)
    assert layer.renderer().type() == "singlebandgray"
    processor = context.layerToLoadOnCompletionDetails(path).postProcessor()
    processor.postProcessLayer(layer, context, None)
    assert layer.renderer().type() == "singlebandpseudocolor"
    assert path not in styling._waiting


def test_qgis_process_writes_project_and_pdf(qgis_process, data, opened):
    layers = [f"--LAYERS={data / name}" for name in NAMES]
    outputs = [f"--OUTPUT={data / 'map.qgz'}", f"--PDF={data / 'map.pdf'}"]
    done = qgis_process("run", "subsidence:mapproject", *layers, *outputs)
    assert done.returncode == 0, done.stderr
    assert (data / "map.pdf").stat().st_size > 10_000
    assert len(opened(data / "map.qgz").mapLayers()) == 5


def write_forecast(folder: Path) -> list[str]:
    """Write maps of a forecast and its uncertainty; the first has places without data."""
    from test_layers_loaded import write_raster

    values = np.arange(2500, dtype="float32").reshape(1, 50, 50)
    priority = write_raster(folder / "priority.tif", values % 7 + 1, "priority", dtype="uint8")
    square = write_raster(folder / "bivariate.tif", values % 9 + 1, "bivariate", dtype="uint8")
    days = ["2025-01-01", "2025-01-13"]
    both = np.concatenate([values, values])
    forecast = write_raster(folder / "f.tif", both, "deformation_forecast", days, days)
    classes = values % 6
    susceptibility = write_raster(
        folder / "classes.tif", classes, "susceptibility_classes", dtype="uint8"
    )
    for path, name in ((priority, "priority"), (square, "bivariate")):
        write_style(name, path)
    write_style("susceptibility_classes", susceptibility)
    ends = {f"{word}{k}": s * k for word, s in (("low", -1), ("high", 1)) for k in (1, 2, 3, 4)}
    write_style("deformation", forecast, band=2, **ends)
    return [priority, square, forecast, susceptibility]


def test_each_map_of_forecast_and_uncertainty_has_a_page(run, tmp_path, opened):
    from qgis.core import QgsLayoutItemLabel, QgsLayoutItemMap, QgsLayoutItemScaleBar

    layers = write_forecast(tmp_path)
    output, pdf = tmp_path / "map.qgz", tmp_path / "map.pdf"
    run("subsidence:mapproject",
        {"LAYERS": layers, "TITLE": "Area", "OUTPUT": str(output), "PDF": str(pdf)})  # fmt: skip
    assert pdf.read_bytes().count(b"/Type /Page\n") == 4
    layout = opened(output).layoutManager().layoutByName("Map")
    titles = {i.page(): i.text() for i in layout.items()
              if isinstance(i, QgsLayoutItemLabel) and i.pagePos().y() < 10}  # fmt: skip
    assert titles == {
        0: "Area", 1: "Area: Monitoring priority", 2: "Area: Level by spread",
        3: "Area: Deformation forecast 2025-01-13",
    }  # fmt: skip
    for kind in (QgsLayoutItemMap, QgsLayoutItemScaleBar):
        assert sorted(i.page() for i in layout.items() if isinstance(i, kind)) == [0, 1, 2, 3]


def test_legend_names_what_has_no_data_and_shows_the_square(run, tmp_path, opened):
    from qgis.core import QgsLayoutItemLabel, QgsLayoutItemLegend, QgsLayoutItemPicture

    layers = write_forecast(tmp_path)
    run("subsidence:mapproject", {"LAYERS": layers, "OUTPUT": str(tmp_path / "map.qgz")})
    project = opened(tmp_path / "map.qgz")
    layout = project.layoutManager().layoutByName("Map")
    texts = [(i.text(), i.page()) for i in layout.items() if isinstance(i, QgsLayoutItemLabel)]
    assert [page for text, page in texts if text == "No data"] == [0]
    pictures = [i for i in layout.items() if isinstance(i, QgsLayoutItemPicture)]
    (square,) = [i for i in pictures if i.mode() == QgsLayoutItemPicture.Format.FormatRaster]
    assert square.page() == 2 and not square.isMissingImage()
    (legend,) = [i for i in layout.items() if isinstance(i, QgsLayoutItemLegend) and i.page() == 0]
    empty = next(i for i in layout.items()
                 if isinstance(i, QgsLayoutItemLabel) and i.text() == "No data")  # fmt: skip
    assert empty.pagePos().y() > legend.pagePos().y() + 20  # five classes lie above it


def test_dates_of_a_project_play_when_it_is_opened(run, tmp_path, opened):
    from qgis.core import Qgis

    layers = write_forecast(tmp_path)
    run("subsidence:mapproject", {"LAYERS": layers, "OUTPUT": str(tmp_path / "map.qgz")})
    project = opened(tmp_path / "map.qgz")
    whole = project.timeSettings().temporalRange()
    assert whole.begin().date().toString("yyyy-MM-dd") == "2025-01-01"
    assert whole.end().date().toString("yyyy-MM-dd") == "2025-01-25"
    dated = [la for la in project.mapLayers().values() if la.temporalProperties().isActive()]
    assert len(dated) == (1 if hasattr(Qgis.RasterTemporalMode, "FixedRangePerBand") else 2)
    nodes = {n.name(): n for n in project.layerTreeRoot().findLayers()}
    assert not nodes["Deformation forecast"].isVisible()
    assert all("partial" not in la.source() for la in project.mapLayers().values())


def test_limits_of_classes_stand_in_the_legend(run, data, tmp_path, opened):
    classes = tmp_path / "made.tif"
    run("subsidence:classifysusceptibility",
        {"INPUT": str(data / "susceptibility.tif"), "METHOD": 4, "BREAKS": "0.25, 0.5",
         "OUTPUT": str(classes)})  # fmt: skip
    run("subsidence:mapproject", {"LAYERS": [str(classes)], "OUTPUT": str(tmp_path / "map.qgz")})
    (layer,) = opened(tmp_path / "map.qgz").mapLayers().values()
    labels = [entry.label for entry in layer.renderer().classes()]
    assert labels == ["Low (up to 0.25)", "Moderate (0.25 to 0.5)", "High (above 0.5)"]
