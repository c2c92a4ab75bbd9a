"""The inspect panel: what the layers of the project know of the place that is clicked on.

``from .inspect.panel import InspectPanel`` when the panel is opened, not before.
"""
