#!/usr/bin/env bash
# Bring back the image that an environment had before: rollback.sh ENVIRONMENT
#
# It goes back once: what was rolled back is not come back to by a second call. Variables and exit codes are those of
# deploy.sh; 2 also where nothing is deployed, or nothing was before it.
set -euo pipefail
cd "$(dirname "$0")/../.."
source cicd/common.sh
source cicd/deploy/steps.sh

[ $# -eq 1 ] || fail "write it as: cicd/deploy/rollback.sh ENVIRONMENT. Nothing was changed."
begin "$1"
now=$(target_now image)
before=$(target_now before)
[ -n "$now" ] || fail "nothing is deployed to $ENVIRONMENT. Deploy first: cicd/deploy/deploy.sh $ENVIRONMENT IMAGE."
[ -n "$before" ] || fail "there is no image before $now in $ENVIRONMENT. Deploy the one that you want: \
cicd/deploy/deploy.sh $ENVIRONMENT IMAGE."
replace "$before" "" "$(target_now waits)"
echo "Rolled $ENVIRONMENT back from $now to $before."
