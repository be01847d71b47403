#!/usr/bin/env bash
# Show what somebody agrees to by starting this: the scores, the decision of the gates, and the model card.
set -euo pipefail
cd "$(dirname "$0")/../.."
source cicd/common.sh

[ -f "$CHECKS/model.md" ] || fail "there is no $CHECKS/model.md. Run cicd/model/gate.sh first."
cat "$CHECKS/model.md"
echo
cat docs/models/model-card.md
echo
echo "Agreed to by ${GITLAB_USER_NAME:-${USER:-somebody}}."
