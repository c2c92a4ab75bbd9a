"""Algorithm ``createexample``."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessingOutputNumber,
    QgsProcessingParameterFolderDestination,
    QgsProcessingParameterNumber,
)

from ..base import SubsidenceAlgorithm
from ..groups import Group
from ..values import Values

WHOLE = QgsProcessingParameterNumber.Type.Integer
REAL = QgsProcessingParameterNumber.Type.Double


class CreateExample(SubsidenceAlgorithm):
    """A synthetic study area with known truth."""

    NAME = "createexample"
    TITLE = "Create example area"
    GROUP = Group.PROJECT

    def declare(self) -> None:
        self._number("WIDTH", "Width (cells)", WHOLE, 600, 100, 5000, "Columns of the rasters.")
        self._number("HEIGHT", "Height (cells)", WHOLE, 500, 100, 5000, "Rows of the rasters.")
        self.add_seed()
        self._number(
            "RESOLUTION", "Cell size (m)", REAL, 12.5, 1, 1000,
            "Side of a cell in metres; 12.5 is that of the paper's elevation model. Rivers, hills "
            "and towns keep their share of the area; hills of small areas are lower.",
            advanced=True,
        )  # fmt: skip
        self._number(
            "POINTS", "Number of subsidence points", WHOLE, None, 1, 10_000_000,
            "Points drawn where the ground subsides. Empty: 4,698, as in the paper, from 2000 × "
            "1500 cells on; below in proportion to the side of the area, at least 400.",
            advanced=True,
        )  # fmt: skip
        self._number(
            "DATES", "Number of InSAR dates", WHOLE, 304, 20, 2000,
            "Dates of the time series, every 6 days from 3 January 2020; 304 are the five years "
            "of a product of the European Ground Motion Service.",
            advanced=True,
        )  # fmt: skip
        self._outputs()

    def _outputs(self) -> None:
        self.add_raster_output(
            "FACTORS", "Factor stack",
            "Raster of the 19 factors, one band each, with names, kinds and units; holes are "
            "nodata.",
        )  # fmt: skip
        self.add_points_output(
            "INVENTORY", "Subsidence points",
            "Points drawn from the truth (label 1), with the rate of subsidence in mm/yr.",
        )  # fmt: skip
        self.add_points_output(
            "INSAR", "InSAR points",
            "Vertical displacement at each date in mm (negative is subsidence), with the fields of "
            "level 3 of the European Ground Motion Service. A shapefile is not possible.",
        )  # fmt: skip
        self.add_raster_output(
            "TRUTH",
            "True probability",
            "The probability of subsidence, 0 to 1, that the points follow.",
        )
        self.add_raster_output(
            "DEM", "Elevation model",
            "The elevation in metres without holes, as input of 'Topographic factors from a "
            "DEM'.", optional=True,
        )  # fmt: skip
        self.add(
            QgsProcessingParameterFolderDestination(
                "FOLDER", "Folder for the raw layers", None, True, False
            ),
            "One raster for each factor that is not made from elevation or bands, wells with the "
            "groundwater level (wells.gpkg) and the trace of a fault (fault.gpkg): with the "
            "elevation model, this is what a study begins with. Empty: no such layers.",
        )
        for name, text in (
            ("PRESENCE_COUNT", "Subsidence points"),
            ("INSAR_COUNT", "InSAR points"),
            ("BAYES_AUC", "AUC of the truth"),
            ("BAYES_AUC_UNIFORM", "AUC of the truth against points drawn anywhere"),
        ):
            self.addOutput(QgsProcessingOutputNumber(name, text))

    def _number(self, name, text, kind, default, low, high, help, advanced=False) -> None:
        parameter = QgsProcessingParameterNumber(
            name, text, kind, default, optional=default is None, minValue=low, maxValue=high
        )
        self.add(parameter, help, advanced)

    def arguments(self, values: Values) -> dict[str, Any]:
        return {
            "width": values.integer("WIDTH"),
            "height": values.integer("HEIGHT"),
            "seed": values.integer("SEED"),
            "resolution": values.number("RESOLUTION"),
            "points": values.integer("POINTS"),
            "dates": values.integer("DATES"),
            **{
                name.lower(): values.output(name)
                for name in ("FACTORS", "INVENTORY", "INSAR", "TRUTH", "DEM", "FOLDER")
            },
        }
