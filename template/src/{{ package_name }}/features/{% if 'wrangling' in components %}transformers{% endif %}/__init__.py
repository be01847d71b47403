"""Transformers of numbers that params.yaml can set: a file of this folder that defines some offers them by name."""
