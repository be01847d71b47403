#!/usr/bin/env bash
# testbed.sh [ENVIRONMENT]: install on a bare Debian 12, as root, what the tests of images and pipelines need, and write
# the PATH that finds it into the file ENVIRONMENT, or print it. Quick the second time.
set -euo pipefail
here=$(dirname "$(realpath "$0")")
store=${XDG_CACHE_HOME:-$HOME/.cache}/mlscaffold-testbed

needed=(buildah podman skopeo docker-registry runc netavark aardvark-dns iptables catatonit mariadb-server mmdebstrap postgresql prometheus prometheus-alertmanager prometheus-pushgateway rabbitmq-server rsync tmux)
missing=()
for package in "${needed[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2> /dev/null | grep -q 'ok installed' || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "${missing[@]}" > /dev/null
fi

bash "$here/container_base.sh" "$store"
bash "$here/gitlab_ci_local.sh" "$store"
bash "$here/fluent_server.sh" "$store"
bash "$here/actionlint.sh" "$store"
if [ $# -gt 0 ]; then exec > "$1"; fi
echo "export PATH=$store/bin:\$PATH"
