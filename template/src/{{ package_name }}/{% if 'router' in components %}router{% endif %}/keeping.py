"""The file in which a course outlives its process."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from .deployment import Deployment, json_of, policy_of
from .evidence import State
from .keys import Once
from .routing import Course, Routing

_STATE: TypeAdapter[State] = TypeAdapter(State)


def keep(path: Path, deployment: Deployment, routing: Routing) -> None:
    """Write what is followed, and how far it has come; raises `OSError`; what was there before stays then."""
    course = routing.course
    content = {
        "format": 1,
        "configured": _configured(deployment),
        "policy": json_of(course.policy),
        "versions": dict(course.versions),
        "state": _STATE.dump_python(course.state, mode="json"),
        "once": routing.once.keep(),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    with scratch.open("w", encoding="utf-8") as file:
        json.dump(content, file, ensure_ascii=False)
        file.flush()
        os.fsync(file.fileno())
    scratch.replace(path)


def resume(path: Path, deployment: Deployment, routing: Routing) -> str:
    """Go on where a process stopped, if the configuration is as it was; returns in words what was done."""
    try:
        content: Any = json.loads(path.read_text(encoding="utf-8"))
        if content["format"] != 1:
            return f"{path} has a format that this release does not know: the policy begins anew"
        if content["configured"] != _configured(deployment):
            return "configs/deployment.yaml has changed: its policy begins"
        policy = policy_of(json.dumps(content["policy"]).encode())
        course = Course(policy=policy, state=_STATE.validate_python(content["state"]), versions=content["versions"])
        routing.resume(course, Once(content["once"]))
    except FileNotFoundError:
        return "the policy begins"
    except Exception as error:  # noqa: BLE001 - whatever is wrong with a file, the service starts
        return f"{path} cannot be used ({type(error).__name__}): the policy begins anew"
    return "the policy goes on where it stopped"


def _configured(deployment: Deployment) -> str:
    return hashlib.sha256(deployment.model_dump_json().encode()).hexdigest()
