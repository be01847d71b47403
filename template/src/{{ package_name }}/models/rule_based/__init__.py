"""Rules without learning from features: the bar that a model must clear."""
