"""Points to grid cells by inverse distance weighting, for all dates of a time series at once."""
