"""Toolbox groups: the ids are an interface and stay English, the titles are translated."""

from enum import Enum


class Group(Enum):
    """(id, title) of each group, numbered so that the Toolbox lists them in the order of work."""

    FACTORS = ("factors", "1 Conditioning factors")
    SAMPLES = ("samples", "2 Inventory and samples")
    SUSCEPTIBILITY = ("susceptibility", "3 Susceptibility")
    VALIDATION = ("validation", "4 Validation and explanation")
    FORECASTING = ("forecasting", "5 Deformation forecasting")
    UNCERTAINTY = ("uncertainty", "6 Uncertainty")
    PROJECT = ("project", "7 Project")
    WORKFLOWS = ("workflows", "8 Workflows")
