"""InSAR time series as arrays: tables of products, fits, decomposition, inventories."""
