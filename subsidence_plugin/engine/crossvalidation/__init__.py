"""Cross-validation: random and spatial folds side by side, the same for every model."""
