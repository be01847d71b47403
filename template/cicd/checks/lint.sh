#!/usr/bin/env bash
# What needs no library of the project: style, formatting, who imports whom, shell scripts, Dockerfiles.
# Needs the tools of requirements/checks.txt. Ends with 0, or with 1 if something was found; all of it is shown.
set -euo pipefail
cd "$(dirname "$0")/../.."
source cicd/common.sh

mkdir -p "$CHECKS"
ruff check --quiet --exit-zero --output-format gitlab --output-file "$CHECKS/ruff.json"
check ruff check
check ruff format --check
export PYTHONPATH=src
check lint-imports --no-cache
mapfile -t scripts < <(find cicd -name '*.sh' | sort)
check shellcheck --external-sources "${scripts[@]}"
mapfile -t dockerfiles < <(find cicd -name 'Dockerfile*' -not -name '*.dockerignore' | sort)
check hadolint "${dockerfiles[@]}"
finish
