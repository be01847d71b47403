"""Outcomes that become known after the prediction: labels, kept beside the prediction log."""
