"""Simple forecasts that a network must beat, the split in time, and the scores of both."""
