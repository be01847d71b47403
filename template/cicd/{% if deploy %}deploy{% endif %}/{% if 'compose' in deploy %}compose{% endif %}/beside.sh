#!/usr/bin/env bash
# MLflow, its database and store, and Prometheus on the machine of an environment: beside.sh ENVIRONMENT up|down
#
# Wants POSTGRES_PASSWORD, STORE_ACCESS_KEY and STORE_SECRET_KEY: letters and digits, as `openssl rand -hex 24` makes them. What
# else can be set stands in beside.yaml. `down` keeps the volumes. Ends with 2 where something is missing or wrong.
set -euo pipefail
cd "$(dirname "$0")/../../.."
source cicd/common.sh
source cicd/deploy/steps.sh
source cicd/deploy/compose/engine.sh

[ $# -eq 2 ] || fail "write it as: cicd/deploy/compose/beside.sh ENVIRONMENT up|down. Nothing was changed."
file=configs/environments/$1.env
[ -f "$file" ] || fail "there is no $file. Nothing was changed."
read_variables "$file"
find_compose "$file"
for name in POSTGRES_PASSWORD STORE_ACCESS_KEY STORE_SECRET_KEY; do
  require_variable "$name" "no file: set it"
done
case $2 in
  up)
    make_network
    if [ -d monitoring/prometheus ]; then mkdir -p monitoring/prometheus/rules; fi
    compose beside up --detach
    echo "MLflow: http://${MLFLOW_ADDRESS:-127.0.0.1:5000}. Prometheus: http://${PROMETHEUS_ADDRESS:-127.0.0.1:9090}."
    ;;
  down) compose beside down ;;
  *) fail "'$2' is neither up nor down. Nothing was changed." ;;
esac
