#!/usr/bin/env bash
# What deploy.sh and rollback.sh share: the environment, its target, and how one image takes the place of another.
#
# A target is a folder here whose target.sh has these functions. They say what is wrong by `fail`.
#   target_ready                      programs and variables are there, and the target answers
#   target_fetch IMAGE                the image can be had, and would be taken; nothing is changed by it
#   target_now image|before|waits     what is deployed; nothing is printed where nothing is
#   target_apply IMAGE BEFORE WAITS   bring it, and wait until it answers; 1 if it does not
#   target_remove                     take away what is deployed

begin() { # ENVIRONMENT: read its file, choose the target, and see whether all is there
  ENVIRONMENT=$1
  local file=configs/environments/$1.env
  case $1 in '' | *[!a-z0-9-]*) fail "'$1' is no name of an environment. Nothing was changed." ;; esac
  if [ ! -f "$file" ]; then
    fail "there is no $file. Environments are:$(names configs/environments/*.env). Nothing was changed."
  fi
  read_variables "$file"
  require_variable DEPLOY_TARGET "$file"
  if [ ! -f "cicd/deploy/$DEPLOY_TARGET/target.sh" ]; then
    fail "DEPLOY_TARGET is '$DEPLOY_TARGET', and this project deploys by:$(names cicd/deploy/*/). Nothing was changed."
  fi
  # shellcheck source=/dev/null
  source "cicd/deploy/$DEPLOY_TARGET/target.sh"
  target_ready
}

names() { # FILES: their names alone, each after a blank
  local each
  for each in "$@"; do each=$(basename "$each"); printf ' %s' "${each%.env}"; done
}

read_variables() { # FILE with lines NAME=value; what is set already stays
  local line name
  while IFS= read -r line || [ -n "$line" ]; do
    line=${line%$'\r'}
    case $line in '' | '#'*) continue ;; esac
    [[ $line =~ ^[A-Z][A-Z0-9_]*= ]] || fail "$1 has a line that is not NAME=value: '$line'. Nothing was changed."
    name=${line%%=*}
    if [ -z "${!name+set}" ]; then export "$name=${line#*=}"; fi
  done < "$1"
}

require_variable() { # NAME WHERE
  [ -n "${!1:-}" ] || fail "the variable $1 is not set. Write it into $2, or set it in the CI. Nothing was changed."
}

require_program() { # NAME HOW
  command -v "$1" > /dev/null || fail "there is no $1. $2 Nothing was changed."
}

require_image() { # IMAGE
  local name=${1##*/}
  [[ $1 =~ ^[a-z0-9][A-Za-z0-9._:/@-]*$ ]] || fail "'$1' is no name of an image. Nothing was changed."
  case $name in
    *@sha256:*) ;;
    *:latest | *:) fail "$1 says nothing of which image is meant. Name its tag or digest. Nothing was changed." ;;
    *:*) ;;
    *) fail "$1 has no tag. Name its tag or digest, as $1:1a2b3c4d. Nothing was changed." ;;
  esac
}

cannot_have() { # IMAGE WHAT-WAS-SAID: why an image cannot be had
  local said=$2
  case $said in
    *"manifest unknown"* | *"not found"* | *NotFound* | *"404"*)
      fail "the registry has no $1. Look at the tag, and whether the release was pushed. Nothing was changed." ;;
    *nauthorized* | *denied* | *"authentication required"*)
      fail "the registry does not let you have $1. Log in first (docker login). Nothing was changed." ;;
    *"connection refused"* | *"no such host"* | *"i/o timeout"* | *"no route to host"* | *"deadline exceeded"*)
      fail "the registry of $1 does not answer. Look whether it is up, and try again. Nothing was changed." ;;
    *) fail "$1 cannot be had: $(printf '%s' "$said" | tail -n 1). Nothing was changed." ;;
  esac
}

look_up_image() { # IMAGE: whether a registry has it, where there is something to ask it with
  local said
  if command -v skopeo > /dev/null; then
    said=$(skopeo inspect --raw "docker://$1" 2>&1 > /dev/null) || cannot_have "$1" "$said"
  elif command -v docker > /dev/null && docker info > /dev/null 2>&1; then
    said=$(docker manifest inspect "$1" 2>&1 > /dev/null) || cannot_have "$1" "$said"
  else
    echo "There is neither skopeo nor docker here: whether the registry has $1 shows when it is fetched."
  fi
}

waits_for_a_model() { # 1 where the service may start without a model: none was ever served here
  if [ "$(target_now waits)" = 0 ]; then echo 0; return; fi
  if [ -n "$(target_now image)" ] && [ -n "${SERVICE_URL:-}" ] \
    && curl --silent --fail --max-time 10 --output /dev/null "${SERVICE_URL%/}/health/ready"; then
    echo 0
  else
    echo 1
  fi
}

replace() { # IMAGE BEFORE WAITS: bring an image, and if it does not serve, put back what is there now
  local now before waits
  now=$(target_now image)
  before=$(target_now before)
  waits=$(target_now waits)
  if target_apply "$1" "$2" "$3"; then return; fi
  if [ -z "$now" ]; then
    target_remove
    echo "Error: $1 does not serve. There was none before it in $ENVIRONMENT, so it was taken away." >&2
    exit 3
  fi
  if target_apply "$now" "$before" "$waits"; then
    echo "Error: $1 does not serve. $now is back in $ENVIRONMENT." >&2
    exit 3
  fi
  echo "Error: neither $1 nor, put back, $now serves in $ENVIRONMENT. Somebody has to look." >&2
  exit 4
}
