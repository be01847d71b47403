"""Learning in small steps: rows come block by block, and no block needs the others."""
