"""Where records go: each file with a `Sink` takes part."""
