"""Commands besides the steps: a module with `run`, or with `app` for one that has sub-commands."""
