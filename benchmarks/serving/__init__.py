"""The service of a generated project beside the limit and beside its peers."""
