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
# BASE_IMAGE   the image that they begin with, best with a digest: python:3.12-slim@sha256:…; the Dockerfile's own if not set
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

build_image() { # DOCKERFILE IMAGE [ARGUMENTS...]
  local file=$1 image=$2
  shift 2
  local arguments=(--file "$file" --tag "$image" "$@")
  # Podman does not look for the file beside the Dockerfile.
  if "$ENGINE" --version | grep -qi podman; then arguments+=(--ignorefile "$file.dockerignore"); fi
  if [ -n "${BASE_IMAGE:-}" ]; then arguments+=(--build-arg "BASE=$BASE_IMAGE"); fi
  if [ -n "${PIP_CONFIG_FILE:-}" ]; then arguments+=(--secret "id=pip,src=$PIP_CONFIG_FILE"); fi
  if [ -n "${UV_CONFIG_FILE:-}" ]; then arguments+=(--secret "id=uv,src=$UV_CONFIG_FILE"); fi
  # shellcheck disable=SC2086 # several arguments are meant
  DOCKER_BUILDKIT=1 "$ENGINE" build "${arguments[@]}" ${BUILD_ARGS:-} .
}

default_tag() {
  echo "${TAG:-${CI_COMMIT_SHORT_SHA:-$(git rev-parse --short HEAD 2> /dev/null || echo dev)}}"
}

revision() { # the commit that an image is made of, and whether something differs from it
  local commit
  commit=$(git rev-parse HEAD 2> /dev/null) || commit=${CI_COMMIT_SHA:-unknown}
  if [ -n "$(git status --porcelain --untracked-files=no 2> /dev/null)" ]; then commit+=-dirty; fi
  echo "$commit"
}
