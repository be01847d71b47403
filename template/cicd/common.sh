#!/usr/bin/env bash
# What the scripts of cicd/ share. Source it from the project's root.
#
# CHECKS   where checks leave their reports; reports/ci if not set
#
# About images:
# ENGINE   docker or podman; the first one found if not set
# IMAGE    name of the image, without tag
# TAG      its tag; the commit's short id if not set
# PIP_CONFIG_FILE, UV_CONFIG_FILE   a team's own configuration of pip and uv, passed as build secrets
# BUILD_ARGS   further arguments of `docker build`, separated by spaces

fail() {
  echo "Error: $1" >&2
  exit 2
}

CHECKS=${CHECKS:-reports/ci}
found=()

# Run a check and go on, so that all that is wrong is seen at once; `finish` ends with 1 if a check has found something.
check() { # COMMAND ...
  echo "== $*"
  "$@" || found+=("$1")
}

finish() {
  [ ${#found[@]} -eq 0 ] || { echo "Something was found, see above, by: ${found[*]}." >&2; exit 1; }
}

find_engine() {
  if [ -z "${ENGINE:-}" ]; then
    if command -v docker > /dev/null; then ENGINE=docker; else ENGINE=podman; fi
  fi
  command -v "$ENGINE" > /dev/null || fail "there is no $ENGINE. Install Docker or Podman, or set ENGINE."
  "$ENGINE" info > /dev/null 2>&1 || fail "$ENGINE does not answer. Start it, or set ENGINE to another engine."
}

build_image() { # DOCKERFILE IMAGE
  local arguments=(--file "$1" --tag "$2")
  # Podman does not look for the file beside the Dockerfile.
  if "$ENGINE" --version | grep -qi podman; then arguments+=(--ignorefile "$1.dockerignore"); fi
  if [ -n "${PIP_CONFIG_FILE:-}" ]; then arguments+=(--secret "id=pip,src=$PIP_CONFIG_FILE"); fi
  if [ -n "${UV_CONFIG_FILE:-}" ]; then arguments+=(--secret "id=uv,src=$UV_CONFIG_FILE"); fi
  # shellcheck disable=SC2086 # several arguments are meant
  DOCKER_BUILDKIT=1 "$ENGINE" build "${arguments[@]}" ${BUILD_ARGS:-} .
}

default_tag() {
  echo "${TAG:-${CI_COMMIT_SHORT_SHA:-$(git rev-parse --short HEAD 2> /dev/null || echo dev)}}"
}
