#!/usr/bin/env bash
# What looks at the code beside its libraries: types, and rules of the project's own. Ends with 0, or with 1 if something was
# found; all of it is shown.
set -euo pipefail
cd "$(dirname "$0")/../.."
source cicd/common.sh

check mypy
for script in scripts/lint_*.py; do
  if [ -e "$script" ]; then check python "$script"; fi
done
finish
