"""`new`: a project that does not exist yet."""
