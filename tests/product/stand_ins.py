"""Images and a cluster that stand in for those that cannot be had here: no registry of images, and no Kubernetes.

Each image has the tag that the compose file names, and real PostgreSQL, SeaweedFS or Prometheus in it, of Debian and of
Python's index: what is proved is that the compose file wires them, not the images of their makers.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

BASE = """FROM localhost/slim
RUN apt-get -qq update && apt-get -qq install --no-install-recommends postgresql prometheus wget > /dev/null 2>&1 \\
    && rm -rf /var/lib/apt/lists/* && install --directory --owner=postgres /var/lib/postgresql/data /run/postgresql \\
    && install --directory --mode=777 /prometheus /data
COPY weed /usr/bin/weed
"""
POSTGRES = r"""FROM localhost/beside
RUN printf '%s\n' '#!/bin/sh -e' 'cd /var/lib/postgresql/data; export PATH=/usr/lib/postgresql/15/bin:$PATH' \
    'if [ ! -s PG_VERSION ]; then printf %s "$POSTGRES_PASSWORD" > /tmp/password' \
    'initdb -D . -U "$POSTGRES_USER" -A scram-sha-256 --pwfile /tmp/password -E UTF8 > /dev/null' \
    'echo "host all all all scram-sha-256" >> pg_hba.conf; pg_ctl -D . -w -o "-c listen_addresses=" start > /dev/null' \
    'PGPASSWORD=$POSTGRES_PASSWORD createdb -h /var/run/postgresql -U "$POSTGRES_USER" "$POSTGRES_DB"' \
    'pg_ctl -D . -w stop > /dev/null; fi' "exec postgres -D . -c listen_addresses='*'" > /start && chmod 755 /start
USER postgres
ENTRYPOINT ["/start"]
"""
#: Tags of the compose file, and what each holds here.
IMAGES = {
    "docker.io/library/postgres:17.6": POSTGRES,
    "docker.io/chrislusf/seaweedfs:4.40": 'FROM localhost/beside\nENTRYPOINT ["/usr/bin/weed"]\n',
    "docker.io/prom/prometheus:v3.5.0": 'FROM localhost/beside\nUSER nobody\nENTRYPOINT ["/usr/bin/prometheus"]\n',
}


def build(tag: str, dockerfile: str, folder: Path) -> str:
    """An image of a Dockerfile of a few lines."""
    folder.mkdir(exist_ok=True)
    (folder / "Dockerfile").write_text(dockerfile, encoding="utf-8")
    command: list[str | Path] = ["docker", "build", "-q", "--network", "host", "--pull=never", "-t", tag, folder]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return tag


def images_beside(folder: Path) -> None:
    """The images that the compose file names, under its tags."""
    (folder / "beside").mkdir()
    shutil.copy2(Path(sys.executable).with_name("weed"), folder / "beside" / "weed")
    build("localhost/beside", BASE, folder / "beside")
    for number, (tag, dockerfile) in enumerate(IMAGES.items()):
        build(tag, dockerfile, folder / str(number))


#: `kubectl` whose cluster is a folder: it builds overlays by the real one, holds manifests to Kubernetes' schema,
#: keeps the Deployment, and says that those with an image of the tag `broken` never come up. What a cluster does with
#: them is not shown.
KUBECTL = """#!{python}
import json, os, re, subprocess, sys
from pathlib import Path
import yaml
cluster, words = Path("{cluster}"), sys.argv[1:]
if words[0] == "kustomize":
    sys.exit(subprocess.run([{kubectl!r}, *words]).returncode)
if "down" in os.environ.get("KUBE_CONTEXT", ""):
    sys.exit("error: dial tcp 10.0.0.1:443: connection refused")
words = [word for word in words if word not in {{"--namespace", "--context"}}]
kept = cluster / "deployment.json"
if "apply" in words:
    text = sys.stdin.read()
    import kubernetes_validate
    manifests = list(yaml.safe_load_all(text))
    for each in manifests:
        if "argoproj" not in each["apiVersion"]:
            kubernetes_validate.validate(each, "1.31", strict=True)
    if "--dry-run=server" not in words:
        kept.write_text(json.dumps(next(each for each in manifests if each["kind"] == "Deployment")))
        (cluster / "manifests.yaml").write_text(text)
elif "delete" in words:
    sys.stdin.read()
    kept.unlink()
elif "rollout" in words:
    image = json.loads(kept.read_text())["spec"]["template"]["spec"]["containers"][0]["image"]
    sys.exit("error: timed out waiting for the condition" if image.endswith(":broken") else 0)
elif "get" in words and "deployment" in words and kept.exists():
    key = re.search(r"annotations\\.([a-z-]+)", words[-1])[1]
    sys.stdout.write(json.loads(kept.read_text())["metadata"]["annotations"][key])
"""
#: `skopeo` whose registry has every image but those of the tag `gone`, and is down where its name says so.
SKOPEO = """#!/bin/sh
case $3 in
  *//down*) echo 'level=fatal msg="pinging container registry: connect: connection refused"' >&2; exit 1 ;;
  *:gone) echo 'level=fatal msg="reading manifest gone: manifest unknown"' >&2; exit 1 ;;
esac
"""


def programs(folder: Path, kubectl: str | Path) -> Path:
    """A folder with stand-ins for `kubectl` and `skopeo`, to be first in PATH."""
    (folder / "cluster").mkdir(parents=True)
    texts = {
        "kubectl": KUBECTL.format(python=sys.executable, cluster=folder / "cluster", kubectl=str(kubectl)),
        "skopeo": SKOPEO,
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
        (folder / name).chmod(0o755)
    return folder


#: The two modules of the cloud, with the variables and outputs of the real ones and none of the cloud's resources.
TERRAFORM = {
    "service/main.tf": 'resource "terraform_data" "service" {\n  input = var.image\n  lifecycle {\n    precondition {\n'
    '      condition     = !endswith(var.image, ":broken")\n      error_message = "The revision does not start."\n'
    "    }\n  }\n}\n",
    "service/outputs.tf": 'output "url" {\n  value = "https://${var.name}.example.com"\n}\noutput "image" {\n'
    "  value = terraform_data.service.output\n}\n",
    "store/main.tf": 'resource "terraform_data" "models" {\n  input = "${var.name}-models"\n}\n',
    "store/outputs.tf": 'output "name" {\n  value = terraform_data.models.output\n}\n',
    "service/versions.tf": "",
    "store/versions.tf": "",
    "provider.tf": "",
    "backend_override.tf": 'terraform {\n  backend "local" {}\n}\n',
}


def without_cloud(folder: Path) -> None:
    """Put the stand-ins in the place of a project's modules."""
    for name, text in TERRAFORM.items():
        (folder / name).write_text(text, encoding="utf-8")
