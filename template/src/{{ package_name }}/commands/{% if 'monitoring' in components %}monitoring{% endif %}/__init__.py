"""What `monitor` does, a verb a module."""
