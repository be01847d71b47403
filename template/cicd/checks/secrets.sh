#!/usr/bin/env bash
# Look for passwords, keys and tokens in what git keeps. Nothing that is found is sent anywhere. Needs the tools of
# requirements/checks.txt. Ends with 0, or with 1 if something was found.
#
# What is none: a comment `# pragma: allowlist secret` in its line, or .secrets.baseline, which
# `detect-secrets scan --no-verify > .secrets.baseline` writes and a person has read.
set -euo pipefail
cd "$(dirname "$0")/../.."
source cicd/common.sh

# Digests, and the table that is shown.
left_out='^(data/|requirements/.*\.txt$|dvc\.lock$|\.mlscaffold\.lock$|reports/)|\.ipynb$|\.secrets\.baseline$'
# Words of tests that say what a password must not be, and names of variables.
made_up='^(hunter[0-9].*|s3cret|secret|hidden-word|pw|[A-Z][A-Z_]+)$'
arguments=(--no-verify --exclude-files "$left_out" --exclude-secrets "$made_up")
if [ -f .secrets.baseline ]; then arguments+=(--baseline .secrets.baseline); fi
if ! git ls-files -z | xargs -0 detect-secrets-hook "${arguments[@]}"; then
  echo "If it is real: revoke it first, since git remembers it, then take it out and use a masked variable" >&2
  echo "(docs/deployment/variables.md). If it is none: say so in its line, \`# pragma: allowlist secret\`." >&2
  exit 1
fi
echo "No secrets in $(git ls-files | wc -l) files."
