"""The steps, one module each. Each reads files, calls pure functions, and writes files."""
