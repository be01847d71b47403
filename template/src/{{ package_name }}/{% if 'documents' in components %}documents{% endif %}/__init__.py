"""Pages of docs/ that a run fills in, and bills of materials."""
