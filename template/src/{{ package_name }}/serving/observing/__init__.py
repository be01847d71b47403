"""Who watches what is answered: each file with an `Observer` takes part."""
