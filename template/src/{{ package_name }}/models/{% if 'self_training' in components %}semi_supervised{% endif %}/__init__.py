"""Learning from rows without an outcome, too."""
