"""How good a model is likely to be where no outcome is known yet: a file here with an `Estimator` takes part."""
