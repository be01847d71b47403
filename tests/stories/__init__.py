"""Stories: a command line, the files before and after it, its exit code and what it says."""
