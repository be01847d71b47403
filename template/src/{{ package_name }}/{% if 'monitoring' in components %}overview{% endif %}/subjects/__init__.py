"""What is told, a subject a file: another file with a `Subject` takes part."""
