"""Copier, the only renderer: the one place that knows its private classes."""
