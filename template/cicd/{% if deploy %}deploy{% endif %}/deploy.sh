#!/usr/bin/env bash
# Bring an image to an environment: deploy.sh ENVIRONMENT IMAGE
#
# The image has a tag or a digest; configs/environments/ENVIRONMENT.env says where the environment is and by what it is
# deployed. Variables that are set already go before those of that file. What else may be set: see cicd/common.sh.
#
# DEPLOY_SECONDS   how long the image may take until it answers: 180 if not set
#
# Ends with 0: the image serves. 2: something is missing or wrong, and nothing was changed. 3: the image came and does not
# serve; the one before is back (or, where there was none, it was taken away). 4: nor did the one before come back.
set -euo pipefail
cd "$(dirname "$0")/../.."
source cicd/common.sh
source cicd/deploy/steps.sh

[ $# -eq 2 ] || fail "write it as: cicd/deploy/deploy.sh ENVIRONMENT IMAGE. Nothing was changed."
begin "$1"
require_image "$2"
target_fetch "$2"

now=$(target_now image)
before=$(target_now before)
if [ "$2" != "$now" ]; then next_before=$now; else next_before=$before; fi
waits=$(waits_for_a_model)
replace "$2" "$next_before" "$waits"
echo "Deployed $2 to $ENVIRONMENT${now:+; before it was $now}."
if [ "$waits" = 1 ]; then echo "There was no model here yet: the service waits for the first, and is not ready before."; fi
