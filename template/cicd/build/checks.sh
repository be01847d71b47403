#!/usr/bin/env bash
# The checks that every change must pass; the build image runs them.
set -euo pipefail

ruff check
ruff format --check
mypy
pytest "$@"
