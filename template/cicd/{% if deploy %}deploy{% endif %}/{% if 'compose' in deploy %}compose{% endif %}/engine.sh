#!/usr/bin/env bash
# Docker or Podman, and what reads compose files. Sourced by target.sh and beside.sh.

find_compose() { # FILE that says the project's name
  require_variable COMPOSE_PROJECT "$1"
  [[ $COMPOSE_PROJECT =~ ^[a-z0-9][a-z0-9_-]*$ ]] \
    || fail "COMPOSE_PROJECT is '$COMPOSE_PROJECT': small letters, digits, - and _ only. Nothing was changed."
  export COMPOSE_PROJECT
  find_engine
  if [ -z "${COMPOSE:-}" ]; then
    if "$ENGINE" compose version > /dev/null 2>&1; then COMPOSE="$ENGINE compose"; else COMPOSE=podman-compose; fi
  fi
  require_program "${COMPOSE%% *}" "Install Docker's plugin compose, or podman-compose."
}

compose() { # service|beside [ARGUMENTS...]
  local file=cicd/deploy/compose/$1.yaml name=$COMPOSE_PROJECT
  if [ "$1" != service ]; then name=$name-$1; fi
  shift
  # shellcheck disable=SC2086 # `docker compose` are two words
  $COMPOSE --project-name "$name" --file "$file" "$@"
}

make_network() { # the one network of the environment, which service and what stands beside it share
  "$ENGINE" network inspect "$COMPOSE_PROJECT" > /dev/null 2>&1 || "$ENGINE" network create "$COMPOSE_PROJECT" > /dev/null
}
