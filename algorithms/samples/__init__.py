"""Algorithms of the Toolbox group 'Inventory and samples'."""
