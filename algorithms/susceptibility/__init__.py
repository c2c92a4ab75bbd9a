"""Algorithms of the Toolbox group 'Susceptibility'."""
