#!/usr/bin/env bash
# The bill of materials of the service, CycloneDX 1.6, from its locked requirements: reports/ci/sbom.cdx.json. Needs the tools
# of requirements/checks.txt.
set -euo pipefail
cd "$(dirname "$0")/../.."
source cicd/common.sh

mkdir -p "$CHECKS"
cyclonedx-py requirements requirements/serving.txt --pyproject pyproject.toml --output-reproducible --validate \
  --spec-version 1.6 --output-format JSON --output-file "$CHECKS/sbom.cdx.json" 2> /dev/null
echo "$CHECKS/sbom.cdx.json names $(grep -c '"purl"' "$CHECKS/sbom.cdx.json") libraries."
