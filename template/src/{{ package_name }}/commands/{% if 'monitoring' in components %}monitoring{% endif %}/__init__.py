"""What `monitor` does, a verb a module; one with `verb` adds itself."""
