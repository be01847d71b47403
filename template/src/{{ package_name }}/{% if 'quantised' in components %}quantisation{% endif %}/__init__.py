"""The exported graph with weights of 8 bits: made, held to gates of its own, and kept only if it is worth it."""
