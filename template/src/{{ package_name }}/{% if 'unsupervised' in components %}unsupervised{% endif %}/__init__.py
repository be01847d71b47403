"""Learning without outcomes: clusters of rows, and how unusual each row is. `study.py` does it."""
