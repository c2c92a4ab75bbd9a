"""Complete class rules of the bands of a raster, found on all of their valid cells."""

from __future__ import annotations

from ..classes.distribution import collect
from ..classes.jenks import goodness
from ..classes.rules import Rule, settle
from ..progress import Progress
from .factor_sources import band_legend
from .read import Band, Raster
from .valid_values import valid_values


def settle_band(raster: Raster, band: Band, rule: Rule, progress: Progress) -> Rule:
    """Return the complete rule of one band and log its breaks."""
    if rule.complete:
        settled = settle(rule, None, band.name, band_legend(raster, band))
        progress.info(f"{band.name}: {settled.count} classes as given ({settled.method}).")
        return settled
    cells = raster.grid.width * raster.grid.height
    distribution = collect(lambda: valid_values(raster, band.index, progress), cells)
    settled = settle(rule, distribution, band.name, band_legend(raster, band))
    text = f"{band.name}: {settled.count} classes ({settled.method})"
    if settled.breaks:
        text += f", breaks {', '.join(f'{value:.6g}' for value in settled.breaks)}"
        text += f", goodness of variance fit {goodness(distribution, settled.breaks):.4f}"
    progress.info(text + ".")
    asked = rule.classes
    if asked and settled.count < asked and not settled.values:
        progress.warn(
            f"{band.name}: {settled.count} classes instead of {asked}, since breaks of the method "
            f"'{settled.method}' coincide or lie outside its values."
        )
    return settled
