#!/usr/bin/env bash
# Run a check with the tools of requirements/checks.txt, in an environment of their own, .nox/with-tools/.
#
#   cicd/checks/with_tools.sh cicd/checks/lint.sh
#
# Ends as the check does.
set -euo pipefail
cd "$(dirname "$0")/../.."
source cicd/common.sh

[ $# -gt 0 ] || fail "say what to run: cicd/checks/with_tools.sh cicd/checks/lint.sh."
tools=.nox/with-tools
if [ ! -e $tools/ready ]; then
  python3 -m venv --clear $tools
  $tools/bin/pip install --quiet --require-hashes -r requirements/tools.txt
  $tools/bin/uv pip install --quiet --python $tools/bin/python --require-hashes -r requirements/checks.txt
  touch $tools/ready
fi
PATH=$PWD/$tools/bin:$PATH exec "$@"
