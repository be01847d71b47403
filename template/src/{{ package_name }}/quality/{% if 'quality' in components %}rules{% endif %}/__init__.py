"""Checks that configs/quality.yaml names and sets. A new kind of check is a new file, and nothing else changes."""
