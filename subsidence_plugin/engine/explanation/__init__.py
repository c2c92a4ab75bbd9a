"""Why a model says what it says: Shapley values, ICE curves, interaction; arrays only."""
