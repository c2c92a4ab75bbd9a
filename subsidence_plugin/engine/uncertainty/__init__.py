"""What an ensemble's members agree and disagree on, and what to do where."""
