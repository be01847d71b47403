"""Predictions and what came of them, side by side."""
