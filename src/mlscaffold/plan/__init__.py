"""The pure decision from two renders and a project to one action a file."""
