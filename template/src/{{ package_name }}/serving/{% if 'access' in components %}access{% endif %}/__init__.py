"""Who may ask: keys, of which only hashes are kept, compared in constant time."""
