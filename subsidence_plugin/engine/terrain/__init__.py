"""Terrain factors from a digital elevation model: slope, aspect, curvature, flow, wetness."""
