"""Random forests: many trees, each of other rows and columns, whose mean is predicted (L. Breiman 2001)."""
