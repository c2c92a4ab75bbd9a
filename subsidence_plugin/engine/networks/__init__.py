"""Network architectures, one file each: hyperparameters, presets and the torch module."""
