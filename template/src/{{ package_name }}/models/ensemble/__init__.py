"""Many small models that vote."""
