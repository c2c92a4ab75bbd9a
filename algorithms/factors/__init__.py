"""Algorithms of the Toolbox group 'Conditioning factors'."""
