"""Steps on the rows to learn from that configs/sampling.yaml names and sets. A new kind is a new file, and nothing else changes."""
