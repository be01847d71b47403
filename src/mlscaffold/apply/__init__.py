"""Writing a plan: all or nothing."""
