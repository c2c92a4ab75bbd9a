"""Worker processes: an interpreter found and checked, processes started, watched and ended."""
