"""Reading tables from outside. A new kind of source is a new loader, and nothing else changes."""
