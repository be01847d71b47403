"""Figures and pages that load nothing: what every page of this project is drawn and written with."""
