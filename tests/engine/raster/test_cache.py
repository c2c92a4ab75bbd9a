"""GDAL's one cache between jobs that overlap."""

from land_subsidence.subsidence_plugin.engine.raster.cache import bounded_cache
from osgeo import gdal


def test_overlapping_jobs_leave_the_cache_as_it_was():
    """The first job to start ends first: the second must not put the small size back for good."""
    before = gdal.GetCacheMax()
    first, second = bounded_cache(2**20), bounded_cache(2**21)
    first.__enter__()
    assert gdal.GetCacheMax() == 2**20
    second.__enter__()
    assert gdal.GetCacheMax() == 2**21
    first.__exit__(None, None, None)
    assert gdal.GetCacheMax() == 2**21
    second.__exit__(None, None, None)
    assert gdal.GetCacheMax() == before
