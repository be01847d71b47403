"""What must be true of a table before anything is learnt from it. A new check is a new file, and nothing else changes."""
