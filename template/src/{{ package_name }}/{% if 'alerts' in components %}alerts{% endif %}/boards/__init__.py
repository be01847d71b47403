"""Dashboards: a file here with a `Board` takes part."""
