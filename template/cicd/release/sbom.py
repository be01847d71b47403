"""Print which libraries are installed where this runs, as CycloneDX 1.6: the bill of materials of an image."""

import json
import re
import sys
from importlib.metadata import PackageMetadata, distributions


def licences(about: PackageMetadata) -> list[dict[str, object]]:
    """The licence as the package says it: an SPDX expression, or its classifiers by name."""
    if expression := about.get("License-Expression"):
        return [{"expression": expression}]
    classifiers = about.get_all("Classifier") or []
    names = sorted({each.rpartition(" :: ")[2] for each in classifiers if each.startswith("License :: ")})
    return [{"license": {"name": name}} for name in names]


def component(about: PackageMetadata) -> dict[str, object]:
    """A library, named as package indexes name it."""
    name, version = re.sub(r"[-_.]+", "-", about["Name"]).lower(), about["Version"]
    address = f"pkg:pypi/{name}@{version.replace('+', '%2B')}"
    said = {"licenses": found} if (found := licences(about)) else {}
    return {"type": "library", "bom-ref": address, "name": name, "version": version, "purl": address, **said}


components = {str(each["purl"]): each for each in (component(found.metadata) for found in distributions())}
runtime = {
    "type": "platform",
    "bom-ref": "python",
    "name": "python",
    "version": ".".join(map(str, sys.version_info[:3])),
}
bill = {
    "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
    "bomFormat": "CycloneDX",
    "specVersion": "1.6",
    "version": 1,
    "components": [runtime, *(components[key] for key in sorted(components))],
}
sys.stdout.write(json.dumps(bill, indent=1) + "\n")
