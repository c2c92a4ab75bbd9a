"""Reports: one self-contained HTML page a run, its tables and figures inside it."""
