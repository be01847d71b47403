"""Tests of drift: a file with a `DriftTest` takes part."""
