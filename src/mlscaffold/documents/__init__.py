"""TOML, YAML and JSON: read as data, and as every byte that is written."""
