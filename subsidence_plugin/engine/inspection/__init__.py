"""Everything that the layers of a map know of one place: values, factors, series, SHAP values."""
