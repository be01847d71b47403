#!/usr/bin/env bash
# Code that nobody calls, and code that stands there twice. Needs the tools of requirements/checks.txt; pyproject.toml says
# what counts. Ends with 0, or with 1 if something was found; all of it is shown.
set -euo pipefail
cd "$(dirname "$0")/../.."
source cicd/common.sh

# What the template owns is the same in all projects, and one without a component may not call all of it. Fields of settings,
# and classes that are found by their folder, look as if nobody used them.
dead_code() {
  # shellcheck disable=SC2016 # awk reads it
  local others='NR == FNR { if ($1 == "owned") owned[$NF]; next } { split($0, part, ":"); if (!(part[1] in owned)) print }'
  local used='unused (attribute|class|variable) .*\(60% confidence\)$' said
  # It ends with 3 where it has found something.
  said=$(vulture) || [ $? -eq 3 ] || return 1
  said=$(awk -F '\t' "$others" .mlscaffold.lock - <<< "$said" | { grep -vE "$used" || [ $? -eq 1 ]; }) || return 1
  [ -z "$said" ] || { echo "$said"; return 1; }
}

check dead_code
check pylint --disable=all --enable=duplicate-code src
finish
