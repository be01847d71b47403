#!/usr/bin/env bash
# The target of one machine: the service by service.yaml, with Docker or Podman. Sourced by ../steps.sh, which says what the
# functions are. What was deployed, and what before, stands in the labels of the container.
#
# COMPOSE           what reads compose files: `docker compose`, else podman-compose
# DOCKER_HOST       the machine, where it is another one: ssh://deploy@host.example.com
# COMPOSE_PROJECT   name of the deployment on that machine
source cicd/deploy/compose/engine.sh

target_ready() { find_compose "configs/environments/$ENVIRONMENT.env"; }

target_fetch() { # IMAGE
  local first=${1%%/*} said
  case $first in
    *.* | *:*) [ "$first" != "$1" ] || first= ;;
    *) first= ;;
  esac
  # Where the name has no registry, it may have been built on the machine.
  if [ -z "$first" ] && "$ENGINE" image inspect "$1" > /dev/null 2>&1; then return; fi
  said=$("$ENGINE" pull --quiet "$1" 2>&1 > /dev/null) || cannot_have "$1" "$said"
}

container() { "$ENGINE" ps --all --quiet --filter "label=deploy-project=$COMPOSE_PROJECT" | head -n 1; }

target_now() { # image|before|waits
  local id
  id=$(container)
  if [ -n "$id" ]; then "$ENGINE" inspect --format "{{index .Config.Labels \"deploy-$1\"}}" "$id"; fi
}

target_apply() { # IMAGE BEFORE WAITS
  local asked=ready deadline id state
  if [ "$3" = 1 ]; then asked=live; fi
  make_network
  export IMAGE_NOW=$1 IMAGE_BEFORE=$2 WAIT_FOR_MODEL=$3
  compose service up --detach || return 1
  deadline=$((SECONDS + ${DEPLOY_SECONDS:-180}))
  while :; do
    id=$(container)
    state=$("$ENGINE" inspect --format '{{.State.Status}} {{.RestartCount}}' "$id" 2> /dev/null) || state="none 0"
    if [ "$state" = "running 0" ] && answers "$id" "$asked"; then return; fi
    case $state in exited* | dead* | none* | *[1-9]*) break ;; esac
    [ "$SECONDS" -lt "$deadline" ] || break
    sleep 1
  done
  echo "$1 is '$state' and does not answer /health/$asked. It says:" >&2
  "$ENGINE" logs --tail 20 "$id" >&2 || true
  return 1
}

answers() { # CONTAINER live|ready
  local asks='import os, sys, urllib.request as r; r.urlopen("http://127.0.0.1:" + os.environ["PORT"] + sys.argv[1], timeout=2)'
  "$ENGINE" exec "$1" python -c "$asks" "/health/$2" > /dev/null 2>&1
}

target_remove() { compose service down > /dev/null; }
