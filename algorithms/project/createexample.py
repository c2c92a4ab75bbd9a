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
    HELP = (
        "Makes a synthetic delta area on which the whole plugin can be tried and tested: a plain "
        "with a meandering river, hills and a town near Hanoi (UTM 48 N), the 19 conditioning "
        "factors of the Hanoi paper with its units, ranges and band correlations, an inventory of "
        "subsidence points, and vertical InSAR time series. Because the area is computed, the "
        "truth is known: subsidence depends on Holocene thickness, groundwater, Landsat band 5, "
        "engineering geology, hydrogeology and band 7, in this order, and on none of the other 13 "
        "factors. The metadata of the truth raster hold the weights and the best AUC that any "
        "model can reach (0.92 against stable cells, 0.88 against points drawn anywhere); those "
        "of the InSAR layer hold the planted bowls and the fault.\n\n"
        "The same seed and size give the same area, bit by bit. Memory: about 190 bytes a cell "
        "(0.6 GB at 2000 × 1500, 4.8 GB at 5000 × 5000).\n\n"
        "Reference: Nguyen et al. (2026), Deep learning-based mapping of land subsidence "
        "susceptibility using InSAR and geospatial data, sections 4.1, 4.2 and 6.1."
    )

    def declare(self) -> None:
        self._number("WIDTH", "Width (cells)", WHOLE, 600, 100, 5000, "Columns, 100 to 5000.")
        self._number("HEIGHT", "Height (cells)", WHOLE, 500, 100, 5000, "Rows, 100 to 5000.")
        self.add_seed()
        self._number(
            "RESOLUTION", "Cell size (m)", REAL, 12.5, 1, 1000,
            "Metres a cell; 12.5 is that of the paper's elevation model. Rivers, hills and towns "
            "keep their share of the area; hills of small areas are lower.",
            advanced=True,
        )  # fmt: skip
        self._number(
            "POINTS", "Number of subsidence points", WHOLE, None, 1, 10_000_000,
            "Left empty: 4,698, as in the paper, from 2000 × 1500 cells on; below in proportion "
            "to the side of the area, at least 400.",
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
            "The 19 factors, one band each, with names, kinds and units; holes are nodata.",
        )  # fmt: skip
        self.add_points_output(
            "INVENTORY", "Subsidence points",
            "Points drawn from the truth (label 1), with the rate of subsidence in mm/yr.",
        )  # fmt: skip
        self.add_points_output(
            "INSAR", "InSAR points",
            "Vertical displacement (mm, negative is subsidence) a date, fields as in level 3 of "
            "the European Ground Motion Service; not as a shapefile.",
        )  # fmt: skip
        self.add_raster_output(
            "TRUTH", "True probability", "The probability that the points follow."
        )
        self.add_raster_output(
            "DEM", "Elevation model",
            "The elevation without holes, as input of 'Topographic factors'.", optional=True,
        )  # fmt: skip
        self.add(
            QgsProcessingParameterFolderDestination(
                "FOLDER", "Folder for the raw layers", None, True, False
            ),
            "On request one raster for each factor that is not made from elevation or bands: with "
            "the elevation model, what a user begins with, to be brought together by 'Align "
            "factors'.",
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
