"""The whole chain on the Ecuador landslides: align, sample, train, map, classify, count."""

import numpy as np
import pytest
from land_subsidence.subsidence_plugin.engine.raster.read import Raster
from land_subsidence.subsidence_plugin.engine.vector.read import read_features

FACTORS = ("slope", "plan_curv", "prof_curv", "elev", "log10_carea")


@pytest.fixture(scope="module")
def prepared(qgis_app, ecuador, tmp_path_factory):
    """Stack of the five terrain factors and samples at the 350 points."""
    import processing

    folder = tmp_path_factory.mktemp("ecuador")
    paths = {"stack": str(folder / "stack.tif"), "samples": str(folder / "samples.gpkg")}
    rasters = [str(ecuador / "factors" / f"{name}.tif") for name in FACTORS]
    processing.run("subsidence:alignfactors", {"RASTERS": rasters, "OUTPUT": paths["stack"]})
    points = processing.run(
        "native:fieldcalculator",
        {
            "INPUT": str(ecuador / "lsl.gpkg"), "FIELD_NAME": "landslide", "FIELD_TYPE": 1,
            "FORMULA": "CASE WHEN lower(to_string(\"lslpts\")) IN ('true', '1') THEN 1 ELSE 0 END",
            "OUTPUT": str(folder / "points.gpkg"),
        },
    )["OUTPUT"]  # fmt: skip
    processing.run(
        "subsidence:extractsamples",
        {
            "POINTS": points, "LABEL_FIELD": "landslide", "FACTORS": paths["stack"],
            "SPLIT": 2, "FOLDS": 5, "VALIDATION_SHARE": 0.3, "SEED": 1,
            "OUTPUT": paths["samples"],
        },
    )  # fmt: skip
    return folder, paths


# The LSTM stays on a plateau for its first thousand steps, and 245 rows give 8 steps an epoch.
@pytest.mark.parametrize(
    ("network", "epochs"), [("drdn", 40), ("cnn", 40), ("lstm", 400), ("cnnlstm", 40)]
)
def test_a_network_is_trained_mapped_and_classified(run, prepared, network, epochs):
    folder, paths = prepared
    model, probability, classes, ratios = (
        str(folder / f"{network}{suffix}")
        for suffix in (".safetensors", ".tif", "_classes.tif", "_fr.gpkg")
    )
    run(
        f"subsidence:train{network}",
        {"SAMPLES": paths["samples"], "EPOCHS": epochs, "SEED": 3, "DEVICE": 1, "MODEL": model},
    )
    run(
        "subsidence:predictsusceptibility",
        {"FACTORS": paths["stack"], "MODEL": model, "DEVICE": 1, "OUTPUT": probability},
    )
    run("subsidence:classifysusceptibility", {"INPUT": probability, "OUTPUT": classes})
    run(
        "subsidence:frequencyratio",
        {
            "CLASS_RASTER": classes, "POINTS": paths["samples"], "PROBABILITY": probability,
            "ROWS": 2, "OUTPUT": ratios,
        },
    )  # fmt: skip
    values, levels = Raster(probability).read()[0], Raster(classes).read()[0]
    factors = Raster(paths["stack"]).read()
    assert np.array_equal(np.isfinite(values), np.isfinite(factors).all(axis=0))
    assert set(np.unique(levels[np.isfinite(levels)])) == {1, 2, 3, 4, 5}
    table = read_features(ratios)
    assert table.number("events").sum() == 175
    ratio = table.number("frequency_ratio")
    # Landslides must be denser in the highest class than on average, and sparser in the lowest.
    assert ratio[-1] > 1.5 and ratio[0] < 0.7
