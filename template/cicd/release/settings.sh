#!/usr/bin/env bash
# Run a command with the variables of an environment: settings.sh COMMAND...
#
# DEPLOY_SETTINGS   lines NAME=value; a secret of the environment, where secrets have to be named one by one otherwise.
#                   KUBECONFIG_BASE64 in it is written to a file that only this job sees, which KUBECONFIG names then.
#
# Ends as the command does, or with 2 if a line is no setting; its text is not shown.
set -euo pipefail
cd "$(dirname "$0")/../.."
source cicd/common.sh

[ $# -gt 0 ] || fail "say what to run: cicd/release/settings.sh cicd/deploy/deploy.sh staging IMAGE."
number=0
while IFS= read -r line; do
  number=$((number + 1))
  line=${line%$'\r'}
  case $line in '' | '#'*) continue ;; esac
  [[ $line =~ ^[A-Z][A-Z0-9_]*= ]] || fail "line $number of DEPLOY_SETTINGS is not NAME=value."
  export "${line%%=*}=${line#*=}"
done <<< "${DEPLOY_SETTINGS:-}"
unset DEPLOY_SETTINGS
if [ -n "${KUBECONFIG_BASE64:-}" ]; then
  KUBECONFIG=$(mktemp)
  trap 'rm -f "$KUBECONFIG"' EXIT
  base64 --decode <<< "$KUBECONFIG_BASE64" > "$KUBECONFIG" || fail "KUBECONFIG_BASE64 is not base64."
  export KUBECONFIG
  unset KUBECONFIG_BASE64
fi
"$@"
