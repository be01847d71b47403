"""The model and the code that predicts with it, and nothing else, in one file for others."""
