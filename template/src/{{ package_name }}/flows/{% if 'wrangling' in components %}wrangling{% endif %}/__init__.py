"""Rows and columns by configuration: configs/wrangling.yaml."""
