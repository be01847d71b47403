#!/usr/bin/env bash
# container_base.sh STORE: a stand-in for docker.io/library/python:3.11-slim, and `docker` and `podman` commands in
# STORE/bin that use it, for machines with neither a container engine of their own nor an image registry.
# It is Debian 12 with this machine's CPython 3.11: it proves that a Dockerfile builds and that its container runs, and
# nothing about the size or the packages of the real base image. The machine's CA certificates go into this base only.
set -euo pipefail

mkdir -p "$1/bin" "$1/context"
store=$(realpath "$1")
cd "$store"

# Without CAP_SYS_RESOURCE podman's default limits fail; runc, unlike crun, accepts hybrid cgroups.
cat > containers.conf <<CONF
[containers]
default_ulimits=["nofile=1024:1024","nproc=4096:4096"]
[engine]
cgroup_manager="cgroupfs"
events_logger="file"
runtime="runc"
CONF
# The OCI format drops HEALTHCHECK without a word, hence BUILDAH_FORMAT.
cat > bin/podman <<SHIM
#!/bin/sh
export CONTAINERS_CONF=$store/containers.conf BUILDAH_ISOLATION=chroot BUILDAH_FORMAT=docker
exec /usr/bin/podman --root $store/storage --runroot $store/run --storage-driver overlay "\$@"
SHIM
chmod +x bin/podman
ln -sf podman bin/docker

image=docker.io/library/python:3.11-slim
bin/podman image exists "$image" && exit 0

packages=ca-certificates,libsqlite3-0,libffi8,libreadline8,libbz2-1.0,liblzma5,libssl3,libncursesw6,libexpat1,zlib1g
packages+=,libuuid1,netbase,tzdata
mmdebstrap -q --variant=minbase --include=$packages bookworm slim.tar

python=$(python3.11 -c "import sys; print(sys.base_prefix)")
rm -rf python && mkdir -p python/usr/local/{lib,bin}
rsync -a --exclude={site-packages,test,tests,idlelib,__pycache__,'config-3.11*'} \
  "$python/lib/python3.11" python/usr/local/lib/
mkdir -p python/usr/local/lib/python3.11/site-packages
cp -a "$python"/lib/libpython3*.so* python/usr/local/lib/ 2> /dev/null || true
cp "$python/bin/python3.11" python/usr/local/bin/
ln -s python3.11 python/usr/local/bin/python3
ln -s python3.11 python/usr/local/bin/python
tar -C python -cf context/python.tar --owner=0 --group=0 usr
cp /etc/ssl/certs/ca-certificates.crt context/ca.crt
cat > context/Dockerfile <<'DOCKER'
FROM localhost/slim
ADD python.tar /
COPY ca.crt /etc/ssl/certs/ca-certificates.crt
ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
    SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt PIP_CERT=/etc/ssl/certs/ca-certificates.crt
RUN ldconfig && python -m ensurepip && ln -sf pip3 /usr/local/bin/pip && python -c "import ssl,sqlite3,lzma,bz2,ctypes,zlib"
CMD ["python3"]
DOCKER
bin/podman import -q - localhost/slim < slim.tar
bin/podman build -q --pull=never --network host -t "$image" context
rm -rf slim.tar python context
