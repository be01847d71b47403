"""Who is told of a step that was run: a file here with an `Observer` takes part."""
