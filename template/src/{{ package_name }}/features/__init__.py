"""From tables to the columns that a model sees."""
