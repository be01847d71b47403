#!/usr/bin/env bash
# Whether an environment of GitHub asks somebody before a job may use it: asked.sh ENVIRONMENT
#
# GitHub makes an environment that is not there, without any rule: nobody would be asked. Needs gh, and GH_TOKEN that may read
# actions. Ends with 0: somebody is asked. 2: nobody is.
set -euo pipefail
cd "$(dirname "$0")/../.."
source cicd/common.sh

[ $# -eq 1 ] || fail "write it as: cicd/github/asked.sh by-hand."
asked=$(gh api "repos/$GITHUB_REPOSITORY/environments/$1" \
  --jq '[.protection_rules[]? | select(.type == "required_reviewers")] | length') \
  || fail "GitHub does not tell of the environment $1: what gh says stands above."
[ "$asked" -gt 0 ] \
  || fail "the environment $1 asks nobody. Settings, Environments, $1: turn on required reviewers, and name them."
echo "Somebody has agreed: $1 asks its reviewers."
