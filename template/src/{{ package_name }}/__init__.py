"""Trains, judges, exports and serves one model. Importing the package imports nothing else, so serving stays light."""
