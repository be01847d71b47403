"""What asks for a new model: each file here has a `Rule`."""
