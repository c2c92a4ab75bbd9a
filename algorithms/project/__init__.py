"""Algorithms of the Toolbox group 'Project'."""
