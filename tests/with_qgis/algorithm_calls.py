"""One good call of every algorithm, for the tests of what goes wrong in any of them.

A new algorithm gets one entry in ``CALLS``: its id, its parameters for the example area and a
file name for each of its outputs. Where it cannot have one, ``WITHOUT_A_CALL`` says why.
"""

from dataclasses import dataclass, field

NETWORKS = ("traincnn", "trainlstm", "traindrdn", "traincnnlstm")
TRAINERS = (*NETWORKS, "trainbaseline")
#: Factors of the small model, where every factor more costs time and shows nothing more.
FEW = ["slope", "elevation", "rainfall"]


@dataclass(frozen=True)
class Call:
    """A call that succeeds.

    ``quick`` are parameters that let the work end soon, where it otherwise takes long enough to be
    cancelled within it; ``kept`` are files that stay whatever happens, as their help says.
    """

    id: str
    inputs: dict  # name of the parameter: name in the area, or a list of such names
    outputs: dict  # name of the parameter: file name
    settings: dict = field(default_factory=dict)
    quick: dict = field(default_factory=dict)
    kept: tuple = ()

    def parameters(self, area, folder, quick=False):
        """Return all parameters, with the outputs in ``folder``."""
        given = {
            name: [area[key] for key in value] if isinstance(value, list) else area[value]
            for name, value in self.inputs.items()
        }
        targets = {name: str(folder / file) for name, file in self.outputs.items()}
        return {**given, **self.settings, **(self.quick if quick else {}), **targets}

    @property
    def is_long(self):
        return bool(self.quick)


CALLS = [
    Call("createexample", {},
         {"FACTORS": "o.tif", "INVENTORY": "i.gpkg", "INSAR": "s.gpkg", "TRUTH": "t.tif",
          "DEM": "d.tif"},
         {"WIDTH": 300, "HEIGHT": 300, "DATES": 60}, {"WIDTH": 100, "HEIGHT": 100, "POINTS": 5}),
    Call("topographicfactors", {"INPUT": "DEM"}, {"OUTPUT": "o.tif"}),
    Call("spectralindices", {"INPUT": "FACTORS"}, {"OUTPUT": "o.tif"},
         {"RED_BAND": 16, "NIR_BAND": 17, "GREEN_BAND": 15, "SWIR1_BAND": 18, "SCALE": 1,
          "OFFSET": 0}),
    Call("alignfactors", {"RASTERS": ["DEM", "TRUTH"]}, {"OUTPUT": "o.tif", "TABLE": "t.csv"}),
    Call("reclassifyfactors", {"FACTORS": "FACTORS"},
         {"OUTPUT": "o.tif", "RULES_OUTPUT": "r.json", "TABLE": "t.csv"}),
    Call("factorcorrelation", {"FACTORS": "FACTORS"},
         {"OUTPUT": "o.gpkg", "VIF": "v.gpkg", "REPORT": "r.html"}, {"BANDS": [2, 4, 5]}),
    Call("absencepoints", {"PRESENCE": "INVENTORY", "MASK": "TRUTH"}, {"OUTPUT": "o.gpkg"}),
    Call("extractsamples", {"POINTS": "POINTS", "FACTORS": "FACTORS"}, {"OUTPUT": "o.gpkg"}),
    Call("importinsar", {"INPUT": ["SERIES"]}, {"OUTPUT": "o.gpkg"}, {"CRS": "EPSG:32648"}),
    Call("decomposelos", {"ASCENDING": "ASCENDING", "DESCENDING": "DESCENDING"},
         {"VERTICAL": "o.gpkg", "EAST": "e.gpkg"}),
    Call("insarinventory", {"INPUT": "INSAR"}, {"OUTPUT": "o.gpkg", "STABLE": "s.gpkg"}),
    Call("trainbaseline", {"SAMPLES": "SAMPLES"},
         {"MODEL": "o.safetensors", "REPORT": "r.html", "RUNS": "t.csv"}, {"METHOD": 1}),
    *(Call(network, {"SAMPLES": "SAMPLES"},
           {"MODEL": "o.safetensors", "HISTORY": "h.csv", "REPORT": "r.html", "RUNS": "t.csv"},
           {"EPOCHS": 200, "DEVICE": 1}, {"EPOCHS": 1})
      for network in NETWORKS),
    Call("tunemodel", {"SAMPLES": "SAMPLES"},
         {"MODEL": "o.safetensors", "ENSEMBLE": "e.safetensors", "TRIALS_TABLE": "t.csv",
          "RUNS": "n.csv", "REPORT": "r.html"},
         {"MODEL_TYPE": 7, "TRIALS": 200}, {"TRIALS": 2}, kept=("o.study",)),
    Call("crossvalidate", {"SAMPLES": "SAMPLES"},
         {"OUTPUT": "o.csv", "FOLD_MAP": "m.gpkg", "RUNS": "t.csv", "REPORT": "r.html"},
         {"FACTOR_FIELDS": FEW, "MODEL_TYPE": 4, "BASELINES": [3], "REPEATS": 200},
         {"REPEATS": 1, "FOLDS": 3}),
    Call("predictsusceptibility", {"FACTORS": "FACTORS", "MODEL": "MODEL"}, {"OUTPUT": "o.tif"}),
    Call("classifysusceptibility", {"INPUT": "TRUTH"}, {"OUTPUT": "o.tif", "TABLE": "t.csv"}),
    Call("validatemodel", {"SAMPLES": "SAMPLES", "MODELS": ["MODEL"]},
         {"OUTPUT": "o.csv", "REPORT": "r.html"}),
    Call("frequencyratio", {"CLASS_RASTER": "CLASSES", "POINTS": "SAMPLES", "PROBABILITY": "TRUTH"},
         {"OUTPUT": "o.csv", "REPORT": "r.html"}),
    Call("explainmodel", {"SAMPLES": "SAMPLES", "MODEL": "SMALL_MODEL", "FACTORS": "FACTORS"},
         {"OUTPUT": "o.csv", "SAMPLE_SHAP": "s.gpkg", "RASTER_SHAP": "s.tif", "DOMINANT": "d.tif",
          "REPORT": "r.html"},
         {"MAX_ROWS": 50, "BACKGROUND": 10, "RASTER_BACKGROUND": 2}),
    Call("applicability", {"SAMPLES": "SAMPLES", "MODEL": "SMALL_MODEL", "FACTORS": "FACTORS"},
         {"OUTPUT": "o.tif", "AREA": "a.tif", "TABLE": "t.csv", "REPORT": "r.html"}),
    Call("comparemodels", {"RUNS": ["RUNS", "OTHER_RUNS"]},
         {"OUTPUT": "o.csv", "REPORT": "r.html"}),
    Call("trainforecaster", {"POINTS": "INSAR"},
         {"MODEL": "o.safetensors", "TABLE": "t.csv", "RUNS": "n.csv", "REPORT": "r.html"},
         {"SPATIAL": 1, "TEMPORAL": 0, "WINDOW": 4, "HORIZON": 1, "DEVICE": 1, "EPOCHS": 2000,
          "HYPERPARAMETERS": "channels=4; units=4; patience=0"}, {"EPOCHS": 1}),
    Call("griddeformation", {"INPUT": "INSAR"}, {"OUTPUT": "o.tif", "REPORT": "r.html"},
         {"RESOLUTION": 25}),
    Call("tuneforecaster", {"INPUT": "STACK"},
         {"MODEL": "o.safetensors", "TABLE": "s.csv", "TRIALS_TABLE": "t.csv", "RUNS": "n.csv",
          "REPORT": "r.html"},
         {"WINDOW": 4, "HORIZON": 2, "EPOCHS": 1, "TOP": 2, "DEVICE": 1, "TRIALS": 200},
         {"TRIALS": 2}, kept=("o.study", "o.study.networks")),
    Call("forecastdeformation", {"INPUT": "STACK", "MODEL": "FORECASTER", "POINTS": "INSAR"},
         {"OUTPUT": "o.tif", "SPREAD": "s.tif", "LOWER": "l.tif", "UPPER": "u.tif",
          "MEMBERS": "m.tif", "CHANGE": "c.tif", "POINT_FORECAST": "p.gpkg"}),
    Call("forecastresiduals", {"PREDICTED": ["STACK"], "OBSERVED": "STACK", "POINTS": "INSAR"},
         {"SIGNED": "o.tif", "ABSOLUTE": "a.tif", "HOTSPOTS": "h.tif", "POINT_RESIDUALS": "p.gpkg",
          "TABLE": "t.csv", "REPORT": "r.html"}),
    Call("ensembleuncertainty", {"INPUT": ["MEMBERS"]},
         {"MEDIAN": "m.tif", "LEVELS": "o.tif", "EXCEEDANCE": "e.tif", "CONFIDENCE": "c.tif",
          "SPREAD": "s.tif", "RANK_VARIANCE": "v.tif", "BIVARIATE": "b.tif",
          "CLASS_PROBABILITY": "p.tif", "TABLE": "t.csv", "REPORT": "r.html"}),
    Call("monitoringpriority",
         {"SPREAD": "SPREAD", "RESIDUAL": "RESIDUAL", "EXCEEDANCE": "EXCEEDANCE"},
         {"OUTPUT": "o.tif", "TABLE": "t.csv"}),
    Call("mapproject", {"LAYERS": ["CLASSES", "POINTS"]}, {"OUTPUT": "o.qgz", "PDF": "o.pdf"}),
    Call("modelinfo", {"MODEL": "MODEL"}, {"TABLE": "t.csv", "REPORT": "o.html"}),
    Call("checkinstallation", {}, {"TABLE": "o.csv", "REPORT": "r.html"}),
]  # fmt: skip

#: Algorithms without an entry above, and why.
WITHOUT_A_CALL = {
    "susceptibilityworkflow": "a model whose steps are all in CALLS; see test_workflow",
    "forecastworkflow": "a model whose steps are all in CALLS; see test_forecast_workflow",
}


def calls(*without):
    """Return the calls as parameters of a test, but for the algorithms named."""
    import pytest

    return [pytest.param(call, id=call.id) for call in CALLS if call.id not in without]
