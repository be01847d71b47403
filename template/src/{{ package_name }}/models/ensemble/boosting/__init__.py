"""Boosting: trees that each mend the errors of those before."""
