"""Git: the one door to its processes, and what it says of repositories."""
