"""What a table seems to be: a contract written from a file, and whether tables fit the one that is there."""
