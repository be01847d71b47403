"""What else is told of a registered model: each file here may have a `Keeper`."""
