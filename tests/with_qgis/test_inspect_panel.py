"""The inspect panel: a click on the map, what it shows of the place, exports, and its removal."""

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.raster.read import Raster
from land_subsidence.subsidence_plugin.engine.raster.write import RasterWriter
from panel_process import in_panel


@pytest.fixture(scope="module")
def maps(area, qgis_app, tmp_path_factory):
    """Paths of a map, its classes, SHAP values, a series of ten dates with a forecast of three."""
    import processing

    folder = tmp_path_factory.mktemp("maps")
    own = {name: str(folder / f"{name.lower()}.tif") for name in (
        "PROBABILITY", "LEVELS", "DEFORMATION", "FORECAST", "LOWER", "UPPER", "SHAP")}  # fmt: skip
    processing.run(
        "subsidence:predictsusceptibility",
        {"FACTORS": area["FACTORS"], "MODEL": area["MODEL"], "OUTPUT": own["PROBABILITY"]},
    )
    processing.run(
        "subsidence:classifysusceptibility", {"INPUT": own["PROBABILITY"], "OUTPUT": own["LEVELS"]}
    )
    processing.run("subsidence:explainmodel", {
        "SAMPLES": area["SAMPLES"], "MODEL": area["MODEL"], "FACTORS": area["FACTORS"],
        "RASTER_SHAP": own["SHAP"], "OUTPUT": str(folder / "ranking.gpkg")})  # fmt: skip
    grid = Raster(area["FACTORS"]).grid
    about = {"SUBSIDENCE_UNITS": "mm", "SUBSIDENCE_MODEL": "m", "SUBSIDENCE_ORIGIN": "2024-02-24"}
    later = [f"2024-03-{day:02d}" for day in (1, 7, 13)]
    first = [str(np.datetime64("2024-01-01") + 6 * step) for step in range(10)]
    for name, kind, dates, start in (
        ("DEFORMATION", "deformation_stack", first, 0), ("LOWER", "forecast_lower", later, -14),
        ("FORECAST", "deformation_forecast", later, -12), ("UPPER", "forecast_upper", later, -10),
    ):  # fmt: skip
        metadata = {**about, "SUBSIDENCE_KIND": kind, "SUBSIDENCE_SOURCE": own["DEFORMATION"]}
        with RasterWriter(own[name], grid, dates, metadata=metadata) as writer:
            for number, date in enumerate(dates, 1):
                values = np.full((grid.height, grid.width), start - number, np.float32)
                writer.write(values, band=number)
                writer.dataset.GetRasterBand(number).SetMetadataItem("SUBSIDENCE_DATE", date)
    return {**area, **own, "FOLDER": str(folder)}


def cell_centre(path, column, row):
    return Raster(path).grid.xy(column + 0.5, row + 0.5)


@pytest.fixture(scope="module")
def valid(maps):
    """Map coordinates and cell of a place where the map has a value."""
    values = Raster(maps["PROBABILITY"]).read()[0]
    rows, columns = np.nonzero(np.isfinite(values))
    middle = len(rows) // 2
    cell = int(columns[middle]), int(rows[middle])
    return (*cell_centre(maps["PROBABILITY"], *cell), cell)


def test_a_click_shows_map_waterfall_factors_and_series(maps, valid, tmp_path):
    x, y, _cell = valid
    code = """
    project.setCrs(QgsCoordinateReferenceSystem("EPSG:4326"))  # the layers are in UTM
    for name in ("INSAR", "DEFORMATION", "FORECAST", "LOWER", "UPPER", "SAMPLES", "FACTORS",
                 "PROBABILITY", "LEVELS"):
        layer = add(name.title(), path[name])
    panel.show()
    look_at(layer)
    turned = QgsCoordinateTransform(layer.crs(), project.crs(), project)
    at = turned.transform(QgsPointXY(X, Y))
    place = click(at.x(), at.y())
    busy = panel.work.busy
    report = whole()
    back = QgsCoordinateTransform(project.crs(), layer.crs(), project).transform(place)
    stages = [(bool(s.report.values), len(s.series), bool(s.waterfall), s.whole) for s in shown]
    say(back=[back.x(), back.y()], busy=busy, stages=stages, ends=ends, **texts())
    say(shap=[report.shap.base, report.shap.shap.sum(), report.shap.prediction,
              report.shap.mapped, report.shap.background, report.shap.background_layer])
    say(values={v.kind: v.value for v in report.values}, names=len(report.factors),
        model=report.shap.model_file, distance=[s.distance for s in report.series],
        last=report.series[0].values.tolist(), upper=report.series[0].forecasts[0].upper.tolist())
    """
    said = in_panel(code, tmp_path, (x, y), **maps)
    raster = Raster(maps["PROBABILITY"])
    rows, columns, _inside = raster.grid.cells(*np.array(said["back"])[:, None])
    value = float(raster.read()[0, rows[0], columns[0]])  # the cell under the pixel clicked on
    base, total, prediction, mapped, background, layer = said["shap"]
    assert base + total == pytest.approx(prediction, abs=1e-6)
    assert prediction == pytest.approx(value, abs=1e-5) and mapped == pytest.approx(value)
    assert (background, layer, said["model"]) == (100, "Samples", maps["MODEL"])
    assert raster.metadata["SUBSIDENCE_MODEL_FILE"] == maps["MODEL"]
    assert said["values"]["probability"] == pytest.approx(value)
    assert f"{value:.3f}" in said["headline"] and "EPSG:4326" in said["place"]
    assert f"to {value:.3f} here" in said["why"] and "The map shows" not in said["why"]
    assert said["last"] == [-1, -2, -3, -4, -5, -6, -7, -8, -9, -10]
    assert said["upper"] == [-11, -12, -13]
    assert said["distance"][0] is None and len(said["series"]) == len(said["distance"])
    assert said["names"] == len(Raster(maps["FACTORS"]).names)
    assert said["waterfall"] > 200 and min(said["series"]) > 150
    assert said["busy"] and said["ends"] == [""] and not said["choose"]
    # Values come first, then the series, then the waterfall.
    assert said["stages"][0] == [True, 0, False, False]
    assert said["stages"][-1] == [True, len(said["series"]), True, True]
    names = Raster(maps["FACTORS"]).names
    assert all(name in said["factors"] for name in names)


def test_the_main_thread_goes_on_and_older_clicks_are_ignored(maps, valid, tmp_path):
    x, y, _cell = valid
    code = """
    for name in ("SAMPLES", "FACTORS", "PROBABILITY"):
        layer = add(name.title(), path[name])
    panel.show()
    look_at(layer)
    ticks = [time.monotonic()]
    timer = QTimer()
    timer.timeout.connect(lambda: ticks.append(time.monotonic()))
    timer.start(10)
    start = time.monotonic()
    panel.inspect(QgsPointXY(X + 200, Y))
    took = time.monotonic() - start
    wait(lambda: shown)  # the values of the first place are there, its waterfall is not
    first = len(shown)
    panel.inspect(QgsPointXY(X + 300, Y))
    panel.inspect(QgsPointXY(X, Y))
    report = whole()
    gaps = [b - a for a, b in zip(ticks, ticks[1:])]
    wait(lambda: not RUNNING)
    seen = sorted({s.report.x for s in shown[first:]})
    say(took=took, ticks=len(ticks), gap=max(gaps), seen=seen, ends=ends, x=report.x,
        whole=ticks[-1] - ticks[0],
        shap=report.shap is not None, left=len(RUNNING), where=panel.dock.place.text())
    """
    said = in_panel(code, tmp_path, (x, y), **maps)
    assert said["took"] < 0.3 and said["ticks"] > 20
    assert said["gap"] < max(1.0, said["whole"] / 3)  # importing a library may hold Python up
    assert said["seen"] == [x] and said["x"] == x and said["shap"]
    assert said["ends"] == [""] and said["left"] == 0
    assert said["where"].startswith(f"{x:.1f}, {y:.1f}")


def test_exports_are_read_back(maps, valid, tmp_path):
    x, y, cell = valid
    code = """
    for name in ("DEFORMATION", "FORECAST", "LOWER", "UPPER", "FACTORS", "PROBABILITY", "SHAP"):
        layer = add(name.title(), path[name])
    panel.show()
    look_at(layer)
    written = []
    panel.exported.connect(lambda *what: written.append(what))
    say(enabled_before=[panel.dock.picture.isEnabled(), panel.dock.table.isEnabled()])
    panel.inspect(QgsPointXY(X, Y))
    report = whole()
    panel.export_csv(FOLDER + "/täble of place.csv")
    panel.export_picture(FOLDER + "/place.png")
    panel.export_csv(FOLDER + "/is a file.csv/place.csv")
    wait(lambda: len(written) == 3)
    iface.bar.clearWidgets()
    titles = []
    for path in ("/is a file.csv/place.csv", "/is a file.csv/again.csv", "/again.csv"):
        panel.export_csv(FOLDER + path)
        wait(lambda: len(written) == 4 + len(titles))
        titles.append([item.level() for item in iface.bar.items()])
    say(bar=titles, warning=Qgis.MessageLevel.Warning, success=Qgis.MessageLevel.Success)
    say(written=written[:3], why=panel.dock.why.text(), base=report.shap.base,
        total=report.shap.shap.sum(), source=report.shap.source)
    """
    (tmp_path / "is a file.csv").write_text("x")
    said = in_panel(code, tmp_path, (x, y), **maps)
    assert said["enabled_before"] == [False, False]
    problems = {Path(path).name: problem for path, problem in said["written"]}
    assert problems.pop("place.csv").startswith("The output folder ")
    assert problems == {"täble of place.csv": "", "place.png": ""}
    # A warning goes when the next export begins to say how it ended.
    assert said["bar"] == [[said["warning"]], [said["warning"]], [said["success"]]]
    with (tmp_path / "täble of place.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    expected = Raster(maps["SHAP"]).read((*cell, 1, 1), dtype=np.float64)[:, 0, 0]
    assert next(row["meaning"] for row in rows if row["name"] == "crs") == "EPSG:32648"
    shap = {row["name"]: float(row["value"]) for row in rows if row["kind"] == "factor"}
    assert list(shap) == Raster(maps["SHAP"]).names
    np.testing.assert_allclose(list(shap.values()), expected, atol=1e-7)
    factors = [float(row["value"] or "nan") for row in rows if row["part"] == "factor"]
    own = Raster(maps["FACTORS"]).read((*cell, 1, 1))[:, 0, 0]
    np.testing.assert_allclose(factors, own, rtol=1e-6)
    series = {
        part: [(row["date"], float(row["value"])) for row in rows if row["part"] == part]
        for part in ("observed", "forecast", "lower", "upper")
    }
    assert series["observed"][-1] == ("2024-02-24", -10) and len(series["observed"]) == 10
    assert series["forecast"] == [("2024-03-01", -13), ("2024-03-07", -14), ("2024-03-13", -15)]
    assert [v for _d, v in series["lower"]] == [-15, -16, -17]
    # The ready-made SHAP values: their base and sum are the prediction of the map.
    probability = float(Raster(maps["PROBABILITY"]).read((*cell, 1, 1))[0, 0, 0])
    assert said["source"] == "Shap" and "Read from the layer &#x27;Shap&#x27;" in said["why"]
    assert said["base"] + said["total"] == pytest.approx(probability, abs=1e-5)
    picture = (tmp_path / "place.png").read_bytes()
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = (int.from_bytes(picture[a : a + 4], "big") for a in (16, 20))
    assert width == 1120 and height > 1500


def test_a_model_that_is_elsewhere_is_asked_for_once_a_project(maps, valid, tmp_path):
    x, y, _cell = valid
    alone = tmp_path / "alone"
    alone.mkdir()
    for name in ("PROBABILITY", "FACTORS"):
        shutil.copy(maps[name], alone)
    probability = str(alone / Path(maps["PROBABILITY"]).name)
    from osgeo import gdal

    dataset = gdal.OpenEx(probability, gdal.OF_UPDATE)
    gone = str(tmp_path / "gone" / "factors.tif")
    for key in ("SUBSIDENCE_SOURCE", "SUBSIDENCE_MODEL_FILE"):
        dataset.SetMetadataItem(key, gone)
    dataset = None
    own = {**maps, "PROBABILITY": probability, "FACTORS": str(alone / "factors.tif")}
    code = """
    layer = add("Map", path["PROBABILITY"])
    panel.show()
    look_at(layer)
    place = QgsPointXY(X, Y)
    panel.inspect(place)
    whole()
    say(first=texts())
    panel.choose_model(path["SMALL_MODEL"])
    whole()
    say(wrong=texts())
    panel.choose_model(path["MODEL"])
    report = whole()
    say(right=texts(), background=report.shap.background_layer)
    project.write(FOLDER + "/own.qgz")
    project.clear()
    say(cleared=texts(), report=panel.report)
    project.read(FOLDER + "/own.qgz")
    panel.inspect(place)
    report = whole()
    say(again=texts(), file=report.shap.model_file)
    """
    said = in_panel(code, tmp_path, (x, y), **own)
    assert said["first"]["why"].startswith("Choose the model file that made the probability raster")
    assert said["first"]["choose"] and said["first"]["waterfall"] == 0
    assert "small_model.safetensors&#x27; is the model " in said["wrong"]["why"]
    assert said["wrong"]["why"].endswith("choose that one&#x27;s file.") and said["wrong"]["choose"]
    assert "random cells of the stack (no layer of samples is loaded)" in said["right"]["why"]
    assert said["background"] == "" and not said["right"]["choose"]
    assert said["cleared"]["headline"] == "" and said["report"] is None
    assert said["cleared"]["boxes"] == [False] * 5
    assert said["cleared"]["message"].startswith("Click on the map")
    assert said["again"]["why"] == said["right"]["why"] and said["file"] == maps["MODEL"]


def test_layers_that_say_nothing_are_left_out_with_a_word(maps, valid, tmp_path):
    x, y, _cell = valid
    shutil.copy(maps["LEVELS"], tmp_path / "moved.tif")
    code = """
    moved = add("Moved away", FOLDER + "/moved.tif")
    os.remove(FOLDER + "/moved.tif")
    fields = "field=D20240101:double&field=D20240107:double"
    project.addMapLayer(QgsVectorLayer("Point?crs=EPSG:32648&" + fields, "In memory", "memory"))
    project.addMapLayer(QgsVectorLayer("Point?crs=EPSG:32648", "Other points", "memory"))
    group = project.layerTreeRoot().addGroup("Dates")
    for date in range(3):
        layer = QgsRasterLayer(path["DEFORMATION"], f"2024-01-{date + 1:02d}")
        project.addMapLayer(layer, False)
        group.addLayer(layer)
    group = project.layerTreeRoot().addGroup("Forecast: by date")
    for name in ("Forecast 2024-03-01", "Forecast", "Forecast 2024-03-07"):
        later = QgsRasterLayer(path["FORECAST"], name)
        project.addMapLayer(later, False)
        group.addLayer(later)
    panel.show()
    look_at(layer)
    panel.inspect(QgsPointXY(X, Y))
    report = whole()
    say(here=texts(), forecasts=[f.layer for f in report.series[0].forecasts])
    panel.inspect(QgsPointXY(X + 1e6, Y))
    whole()
    say(outside=texts())
    panel.inspect(QgsPointXY(1e30, 1e30))
    whole()
    say(nowhere=texts(), ends=ends)
    project.clear()
    panel.inspect(QgsPointXY(X, Y))
    say(empty=panel.dock.message.text(), busy=panel.work.busy)
    """
    said = in_panel(code, tmp_path, (x, y), **maps)
    here = said["here"]
    assert "Moved away: its file is missing" in here["skipped"]
    assert "In memory: not a file; save it to one" in here["skipped"]
    assert "Other points" not in here["skipped"]
    assert "Add a probability raster of " in here["skipped"]
    assert here["boxes"] == [False, True, False, False, True]
    assert here["titles"] == ["<b>Dates, cell</b>"] and said["forecasts"] == ["Forecast"]
    for name in ("outside", "nowhere"):
        assert said[name]["message"].startswith("The place lies outside of all layers")
        assert said[name]["headline"] == "" and said[name]["boxes"][:4] == [False] * 4
    assert said["ends"] == ["", "", ""]
    assert said["empty"].startswith("The project has no layer") and not said["busy"]


def test_closing_gives_the_tool_back_and_removing_leaves_nothing(maps, valid, tmp_path):
    x, y, _cell = valid
    code = """
    for name in ("SAMPLES", "FACTORS", "PROBABILITY"):
        layer = add(name.title(), path[name])
    pan = QgsMapToolPan(canvas)
    canvas.setMapTool(pan)
    items = len(canvas.scene().items())
    panel.show()
    look_at(layer)
    tool = panel._map.tool
    say(shown=[panel.dock.isVisible(), canvas.mapTool() is tool, panel.dock.pick.isChecked()])
    canvas.setMapTool(pan)
    say(other_tool=panel.dock.pick.isChecked())
    panel.dock.pick.click()
    say(picked=canvas.mapTool() is tool)
    panel.inspect(QgsPointXY(X, Y))
    panel.dock.close()
    say(closed=[panel.dock.isVisible(), canvas.mapTool() is pan, panel.work.busy])
    panel.show()
    panel.inspect(QgsPointXY(X, Y))
    panel.remove()
    panel.remove()  # as when a plugin is unloaded twice
    say(ended=wait(lambda: not RUNNING), tool=canvas.mapTool() is pan)
    wait(lambda: False, 1)
    say(items=len(canvas.scene().items()) - items, late=ends,
        docks=len(iface.window.findChildren(QDockWidget)), report=panel.report)
    project.clear()  # nothing listens any more
    panel.show()
    say(again=panel.dock.isVisible())
    panel.remove()
    wait(lambda: not RUNNING)
    """
    said = in_panel(code, tmp_path, (x, y), **maps)
    assert said["shown"] == [True, True, True]
    assert said["other_tool"] is False and said["picked"]
    assert said["closed"] == [False, True, False]
    assert said["ended"] and said["tool"] and said["items"] == 0
    assert said["late"] == [] and said["docks"] == 0 and said["report"] is None
    assert said["again"]


def test_figures_are_drawn_anew_for_another_width(maps, valid, tmp_path):
    x, y, _cell = valid
    code = """
    from qgis.PyQt.QtGui import QImage
    for name in ("DEFORMATION", "SAMPLES", "FACTORS", "PROBABILITY"):
        layer = add(name.title(), path[name])
    panel.show()
    look_at(layer)
    panel.inspect(QgsPointXY(X, Y))
    report = whole()
    sizes = lambda: [QImage.fromData(png).width() for png in
                     (panel.work.latest.waterfall, *panel.work.latest.series)]
    say(narrow=sizes(), width=panel.dock.width(), room=panel.dock.figure_width())
    iface.window.resizeDocks([panel.dock], [640], Qt.Orientation.Horizontal)
    whole()
    say(wide=sizes(), same=panel.report is report, wide_room=panel.dock.figure_width())
    """
    said = in_panel(code, tmp_path, (x, y), **maps)
    assert 360 < said["width"] < 420 and said["same"]
    assert said["narrow"] == pytest.approx([said["room"]] * 2, abs=2)
    assert said["wide"] == pytest.approx([said["wide_room"]] * 2, abs=2)
    assert said["wide_room"] > said["room"] + 200


def test_without_matplotlib_the_values_are_shown_with_one_sentence(maps, valid, tmp_path):
    x, y, _cell = valid
    code = """
    class Missing:
        def find_spec(self, name, path=None, target=None):
            if name.split(".")[0] == "matplotlib":
                raise ModuleNotFoundError("No module named 'matplotlib'")
    sys.meta_path.insert(0, Missing())
    for name in ("DEFORMATION", "SAMPLES", "FACTORS", "PROBABILITY"):
        layer = add(name.title(), path[name])
    panel.show()
    look_at(layer)
    panel.inspect(QgsPointXY(X, Y))
    whole()
    say(ends=ends, **texts())
    """
    said = in_panel(code, tmp_path, (x, y), **maps)
    assert said["ends"][0].startswith("The Python package 'matplotlib' is needed to draw figures")
    assert said["message"].startswith("The Python package &#x27;matplotlib&#x27; is needed")
    assert "probability of subsidence" in said["headline"] and not said["boxes"][0]


def test_making_the_panel_loads_nothing_heavy(maps, tmp_path):
    code = """
    panel.show()
    panel.remove()
    wait(lambda: not RUNNING)
    say(heavy=sorted({"torch", "sklearn", "shap", "optuna", "numba"} & set(sys.modules)))
    """
    assert in_panel(code, tmp_path)["heavy"] == []
