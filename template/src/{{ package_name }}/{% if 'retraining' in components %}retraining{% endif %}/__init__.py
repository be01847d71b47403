"""A new model when what is served has changed: decided, made, compared, promoted, watched, taken back if worse."""
