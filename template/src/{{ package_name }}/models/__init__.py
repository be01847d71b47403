"""Models: a naive baseline, a linear model, gradient boosting, and what they share."""
