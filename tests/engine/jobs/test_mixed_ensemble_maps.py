"""A map by members of different hyperparameters: mean, spread and members, tile by tile."""

import numpy as np
import pytest

gdal = pytest.importorskip("osgeo.gdal")
osr = pytest.importorskip("osgeo.osr")
torch = pytest.importorskip("torch")

from land_subsidence.subsidence_plugin.engine.jobs import run_job  # noqa: E402
from land_subsidence.subsidence_plugin.engine.models.card import Card, Factor  # noqa: E402
from land_subsidence.subsidence_plugin.engine.models.file import save_model  # noqa: E402
from land_subsidence.subsidence_plugin.engine.networks.registry import (  # noqa: E402
    ARCHITECTURES,
    build,
)
from land_subsidence.subsidence_plugin.engine.progress import Progress  # noqa: E402
from land_subsidence.subsidence_plugin.engine.raster.grid import Grid  # noqa: E402
from land_subsidence.subsidence_plugin.engine.raster.read import Raster  # noqa: E402
from land_subsidence.subsidence_plugin.engine.raster.write import RasterWriter  # noqa: E402

SHAPES = {
    "drdn": [{"blocks": 2, "block_units": 16}, {"blocks": 1, "block_units": 48, "dense1": 8}],
    "cnnlstm": [{"filters": 4, "lstm_units": 8}, {"kernel_size": 1, "filters": 9, "dense": 8}],
}


@pytest.mark.parametrize("architecture", sorted(SHAPES))
def test_maps_of_a_mixed_ensemble(architecture, tmp_path):
    own = [ARCHITECTURES[architecture].checked(shape) for shape in SHAPES[architecture]]
    made = []
    for seed, shape in enumerate(own):
        torch.manual_seed(seed)
        made.append(build(architecture, 2, shape).eval())
        with torch.no_grad():
            made[-1].output.weight *= 20
    model = str(tmp_path / "mixed.safetensors")
    card = Card(architecture, [Factor("slope"), Factor("twi")], own[0], member_hyperparameters=own)
    arrays = [{k: v.numpy().copy() for k, v in m.state_dict().items()} for m in made]
    save_model(model, arrays, card)
    rng = np.random.default_rng(0)
    values = rng.random((2, 270, 300), dtype=np.float32)  # more than one tile
    values[0, 3, 4] = np.nan
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(32648)
    grid = Grid(300, 270, (0.0, 30.0, 0, 0.0, 0, -30.0), reference.ExportToWkt())
    stack = str(tmp_path / "stack.tif")
    with RasterWriter(stack, grid, ["twi", "slope"], kinds=["continuous"] * 2) as writer:
        writer.write(values[1], band=1)
        writer.write(values[0], band=2)
    paths = {name: str(tmp_path / f"{name}.tif") for name in ("output", "spread", "members")}
    arguments = {"factors": stack, "model": model, "device": 1, **paths}
    run_job("predictsusceptibility", arguments, Progress())
    inputs = torch.from_numpy(np.nan_to_num(values).reshape(2, -1).T.copy())
    with torch.no_grad():
        wanted = np.stack([torch.sigmoid(m(inputs)).numpy().reshape(270, 300) for m in made])
    wanted[:, 3, 4] = np.nan

    np.testing.assert_allclose(Raster(paths["members"]).read(), wanted, atol=1e-5)
    np.testing.assert_allclose(Raster(paths["output"]).read()[0], wanted.mean(axis=0), atol=1e-5)
    np.testing.assert_allclose(Raster(paths["spread"]).read()[0], wanted.std(axis=0), atol=1e-5)
    assert np.nanmax(wanted.std(axis=0)) > 0.05
