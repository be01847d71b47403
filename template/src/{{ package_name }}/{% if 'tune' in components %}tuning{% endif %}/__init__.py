"""Searching for better settings of the leading candidates, with an honest estimate of what they gain. `tuner.py` does it."""
