#!/usr/bin/env bash
# Run a command in the build image, as CI does: with the locked libraries, and the project as it lies here.
#
#   cicd/build/inside.sh cicd/checks/tests.sh unit
#
# REGISTRY           where the image is kept; what is not there is built
# INSIDE_VARIABLES   names of variables that the command sees besides those named below, separated by spaces
# What else may be set: see cicd/common.sh. Ends as the command does, or with 2 if there is no image.
set -euo pipefail
cd "$(dirname "$0")/../.."
source cicd/common.sh

[ $# -gt 0 ] || fail "say what to run: cicd/build/inside.sh cicd/checks/tests.sh unit."
find_engine
named=$(mktemp)
trap 'rm -f "$named"' EXIT
cicd/build/environment.sh "$named"
image=$(sed -n 's/^BUILD_IMAGE=//p' "$named")

# By their names, so that no value stands on a command line; what is set to nothing is not set.
seen=" CHECKS CI REGISTER ${INSIDE_VARIABLES:-} "
arguments=(--rm --volume "$PWD:/project" --workdir /project)
for name in $(compgen -e); do
  [ -n "${!name}" ] || continue
  case $name in
    ACCEPTANCE_* | AWS_* | AZURE_STORAGE_* | DVC_* | GOOGLE_* | MLFLOW_* | MODEL_* | PREDICTION_LOG_*)
      arguments+=(--env "$name")
      ;;
    *)
      case $seen in *" $name "*) arguments+=(--env "$name") ;; esac
      ;;
  esac
done

# git and DVC open a folder of somebody else's only if they are told; what is written belongs to whose the folder is.
# shellcheck disable=SC2016 # the shell inside expands it
begin='printf "[safe]\n\tdirectory = /project\n" > ~/.gitconfig
uv pip install --quiet --no-deps --no-build-isolation -e .
code=0
"$@" || code=$?
find . -user root -exec chown --no-dereference --reference=. {} +
exit $code'
"$ENGINE" run "${arguments[@]}" --entrypoint bash "$image" -euc "$begin" inside "$@"
