"""`update` and `set`: move the version or the answers of a project."""
