#!/usr/bin/env bash
# The tests of one kind: unit, integration, contract, data or slow. Further arguments go to pytest, which ends with 0 if all
# pass, and with 1 if one fails. A kind that the project has no tests of passes.
set -euo pipefail
cd "$(dirname "$0")/../.."
source cicd/common.sh

kind=${1:-}
chosen=()
case $kind in
  unit) folders=(tests/unit tests/components) ;;
  integration) folders=(tests/integration) ;;
  contract) folders=(tests/contract) ;;
  data) folders=(tests/data_validation tests/example) ;;
  slow) folders=(tests) chosen=(-n 0 -m slow) ;;
  *) fail "say which tests: unit, integration, contract, data or slow." ;;
esac
shift

there=()
for folder in "${folders[@]}"; do
  if [ -d "$folder" ]; then there+=("$folder"); fi
done
if [ ${#there[@]} -eq 0 ]; then
  echo "There are no tests in ${folders[*]}."
  exit 0
fi
pytest "${there[@]}" "${chosen[@]}" --junitxml "$CHECKS/$kind.xml" "$@"
