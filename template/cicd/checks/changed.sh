#!/usr/bin/env bash
# What has changed since a commit: changed.sh COMMIT. Three lines, for pipelines that cannot ask this themselves:
#
#   contract=yes   there is a contract, so a model can be made
#   model=yes      something has changed that a model is made of
#   update=yes     the template, or libraries, have changed
#
# Where the commit is not known, as on a new branch, everything has changed. Always ends with 0.
set -euo pipefail
cd "$(dirname "$0")/../.."

of_model='^(params\.yaml|dvc\.(yaml|lock)|(data|configs|src|requirements)/.*)$'
of_update='^(\.mlscaffold\.lock|pyproject\.toml|requirements/.*)$'

changed=$(git diff --name-only "${1:-}...HEAD" 2> /dev/null || git ls-files)
says() { # NAME PATTERN
  if grep -qE "$2" <<< "$changed"; then echo "$1=yes"; else echo "$1=no"; fi
}

if [ -f configs/contract.yaml ]; then
  echo contract=yes
  says model "$of_model"
else
  echo contract=no
  echo model=no
fi
says update "$of_update"
