"""What `alerts push` tells: a file here with a `Teller` takes part."""
