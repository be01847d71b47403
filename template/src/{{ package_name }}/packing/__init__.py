"""The code that predicts, and nothing else, for others who carry a model."""
