"""Predictions that are made beforehand, and kept in a database: by key, version of the model and run."""
