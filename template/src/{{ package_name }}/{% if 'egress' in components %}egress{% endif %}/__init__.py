"""Predictions and tables on their way out. A new kind of destination is a new file in this folder, and nothing else changes."""
