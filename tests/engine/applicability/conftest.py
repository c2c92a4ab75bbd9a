import pytest


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Stack, samples and model, in one folder."""
    for package in ("osgeo.osr", "scipy", "safetensors"):
        pytest.importorskip(package)
    from applicability_world import (
        NAMES,
        draw_cells,
        make_values,
        save_logistic,
        write_samples,
        write_stack,
    )

    folder = tmp_path_factory.mktemp("applicability")
    values = make_values()
    rows, cells = draw_cells()
    own = values[:, rows, cells].T
    write_stack(folder / "stack.tif", values, SUBSIDENCE_KIND="factor_stack")
    write_samples(folder / "samples.gpkg", dict(zip(NAMES, own.T.astype(float))))
    save_logistic(folder / "model.safetensors", own)
    return folder, values, own


@pytest.fixture
def lines():
    return []


@pytest.fixture
def progress(lines):
    from land_subsidence.subsidence_plugin.engine.progress import Progress

    return Progress(on_message=lambda text, level: lines.append(f"{level}: {text}"))


@pytest.fixture
def arguments(world, tmp_path):
    folder = world[0]
    return {
        "samples": str(folder / "samples.gpkg"),
        "model": str(folder / "model.safetensors"),
        "factors": str(folder / "stack.tif"),
        "output": str(tmp_path / "out" / "index.tif"),
        "area": str(tmp_path / "out" / "area.tif"),
        "threads": 2,
    }
