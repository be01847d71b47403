"""A new model when what is served has changed: decided, made, compared, promoted, watched, and taken back if it is worse."""
