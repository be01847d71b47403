#!/usr/bin/env bash
# Whether a service that was deployed answers: smoke.sh URL
#
# It is ready, it shows its contract, and it counts what it does. A service that says that it has no model yet passes, and that
# is said: deploy.sh lets a service wait for a model only where there never was one.
#
# SMOKE_SECONDS   how long it may take until it is ready: 60 if not set
# SMOKE_REQUEST   a file with a request that it must answer, such as models/request.json
# SMOKE_KEY       the key for that, where the service asks for keys
#
# Ends with 0: it answers, or waits for its first model. 1: it does not. 2: something is missing or wrong.
set -euo pipefail
cd "$(dirname "$0")/../.."
source cicd/common.sh

[ $# -eq 1 ] || fail "write it as: cicd/deploy/smoke.sh URL, such as https://staging.example.com."
case $1 in http://* | https://*) ;; *) fail "'$1' is no address. Write it as https://staging.example.com." ;; esac
command -v curl > /dev/null || fail "there is no curl. Install it."
url=${1%/}
answer=$(mktemp)
trap 'rm -f "$answer"' EXIT

ask() { # PATH [ARGUMENTS OF CURL...]; the status, 000 where nobody answers
  local path=$1
  shift
  curl --silent --max-time 10 --output "$answer" --write-out '%{http_code}' "$@" "$url$path" || true
}

fails() {
  echo "Error: $1" >&2
  if [ -s "$answer" ]; then head -c 500 "$answer" >&2; echo >&2; fi
  exit 1
}

deadline=$((SECONDS + ${SMOKE_SECONDS:-60}))
until status=$(ask /health/ready) && [ "$status" = 200 ]; do
  if [ "$status" = 503 ] && grep -q '"No model yet"' "$answer"; then
    [ "$(ask /health/live)" = 200 ] || fails "$url says that it has no model yet, and that it is not alive."
    echo "$url lives and has no model yet."
    exit 0
  fi
  if [ "$SECONDS" -ge "$deadline" ]; then
    [ "$status" != 000 ] || fails "nobody answers at $url within ${SMOKE_SECONDS:-60} s. Look whether the address is right."
    fails "$url is not ready within ${SMOKE_SECONDS:-60} s: it answers $status."
  fi
  sleep 1
done

status=$(ask /openapi.json)
if [ "$status" != 200 ] || ! grep -q '"/predict"' "$answer"; then
  fails "$url is ready, and /openapi.json does not show /predict: $status."
fi
status=$(ask /metrics)
if [ "$status" = 200 ]; then
  grep -q '^serving_model_info' "$answer" || fails "$url is ready, and /metrics does not say which model it has."
  model=$(sed -n 's/^serving_model_info{\(.*\)}.*/\1/p' "$answer" | head -n 1)
else
  # A gateway may keep it from strangers.
  model="unknown: /metrics answers $status"
fi
if [ -n "${SMOKE_REQUEST:-}" ]; then
  [ -f "$SMOKE_REQUEST" ] || fail "there is no $SMOKE_REQUEST (SMOKE_REQUEST)."
  # The key is read from a file, so that no list of processes shows it.
  status=$(ask /predict --header 'Content-Type: application/json' --data-binary "@$SMOKE_REQUEST" \
    --config <(if [ -n "${SMOKE_KEY:-}" ]; then printf 'header = "Authorization: Bearer %s"\n' "$SMOKE_KEY"; fi))
  if [ "$status" != 200 ] || ! grep -q '"predictions"' "$answer"; then fails "$url does not answer $SMOKE_REQUEST: $status."; fi
fi
echo "$url serves ($model)."
