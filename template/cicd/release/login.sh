#!/usr/bin/env bash
# Log in at the registry of images.
#
# REGISTRY           the registry and a folder in it, such as registry.example.com/team
# REGISTRY_USER      who pushes there
# REGISTRY_PASSWORD  the password for that
# What else may be set: see cicd/common.sh. Ends with 0: logged in. 2: something is missing, or the registry refuses.
set -euo pipefail
cd "$(dirname "$0")/../.."
source cicd/common.sh

for name in REGISTRY REGISTRY_USER REGISTRY_PASSWORD; do
  [ -n "${!name:-}" ] || fail "$name is not set (docs/deployment/variables.md)."
done
find_engine
printf '%s' "$REGISTRY_PASSWORD" \
  | "$ENGINE" login --username "$REGISTRY_USER" --password-stdin "${REGISTRY%%/*}" > /dev/null \
  || fail "${REGISTRY%%/*} does not let $REGISTRY_USER in: what $ENGINE says stands above."
