"""Where a model may be applied: dissimilarity to its training rows, area of applicability."""
