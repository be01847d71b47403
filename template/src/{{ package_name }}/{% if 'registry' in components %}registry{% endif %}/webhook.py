"""Telling others that another version is to be served: a signed request, or a program of this machine.

What is told holds no address and no secret, and neither do lines about it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import subprocess
import time
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from ..errors import ProjectError, SettingsError
from .entry import Entry
from .settings import REGISTRY, Webhook

SIGNATURE, TIMESTAMP, EVENT = "X-Registry-Signature", "X-Registry-Timestamp", "X-Registry-Event"
#: Seconds before it is tried again, then twice as long.
PAUSE = 1.0
_BUSY = 500


class WebhookError(ProjectError):
    """Nobody could be told. What was to be told is true all the same."""


class _Straight(HTTPRedirectHandler):
    """Follows no redirect: what is signed for one is not for another."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def body_of(entry: Entry, model: str, alias: str) -> bytes:
    """What is told."""
    facts = entry.facts
    said = {"event": entry.action, "model": model, "alias": alias, "version": entry.champion, "was": entry.was}
    said |= {"entry": entry.number, "at": entry.at.isoformat(), "by": entry.by, "reason": entry.reason}
    said |= {"model_version": facts.model_version, "graph": facts.graph, "run": facts.run, "commit": facts.commit}
    return json.dumps(said).encode()


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """The signature by which the receiver knows that we said it, and when: HMAC-SHA256 over `timestamp.body`."""
    return "sha256=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def tell(webhook: Webhook, body: bytes) -> str:
    """Send it; a line about what came of it.

    Raises:
        SettingsError: an environment variable is not set.
        WebhookError: nobody took it.
    """
    said = []
    if webhook.url:
        said.append(_post(webhook, webhook.url, body))
    if webhook.command:
        said.append(_run(webhook, body))
    return " and ".join(said)


def _post(webhook: Webhook, url: str, body: bytes) -> str:
    address, secret = re.sub(r"\$\{(\w+)\}", lambda name: _variable(name[1]), url), _variable(webhook.secret or "")
    # The rest of an address may be a secret, too.
    host = urlsplit(url).hostname or "the address"
    problem = ""
    for attempt in range(webhook.attempts):
        if attempt:
            time.sleep(PAUSE * 2 ** (attempt - 1))
        timestamp = str(int(time.time()))
        headers = {"Content-Type": "application/json", TIMESTAMP: timestamp, EVENT: "alias"}
        headers[SIGNATURE] = sign(secret, timestamp, body)
        try:
            request = Request(address, data=body, headers=headers, method="POST")  # noqa: S310 - the settings say http(s)
            with build_opener(_Straight).open(request, timeout=webhook.timeout) as answer:
                return f"{host} was told: {answer.status}"
        except HTTPError as error:
            problem = f"it answers {error.code}"
            if error.code < _BUSY:
                break
        except URLError as error:
            problem = getattr(error.reason, "strerror", None) or type(error.reason).__name__
        except (OSError, ValueError) as error:
            problem = getattr(error, "strerror", None) or type(error).__name__
    raise WebhookError(
        f"{host} could not be told: {problem}.",
        "What was decided stands. `registry notify` tells it again; configs/registry.yaml says whom.",
    )


def _run(webhook: Webhook, body: bytes) -> str:
    program, *arguments = webhook.command
    name = os.path.basename(program)  # noqa: PTH119 - a word, no path
    try:
        done = subprocess.run(  # noqa: S603 - a program that the settings name, and no shell
            [program, *arguments], input=body, capture_output=True, timeout=webhook.timeout, check=False
        )
        problem = f"it ended with {done.returncode}" if done.returncode else ""
    except subprocess.TimeoutExpired:
        problem = f"it was not done after {webhook.timeout:g} s"
    except OSError as error:
        problem = error.strerror or type(error).__name__
    if problem:
        # What it prints may be anything.
        raise WebhookError(f"{name} could not be run: {problem}.", "Mend it; `registry notify` runs it again.")
    return f"{name} was run"


def _variable(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise SettingsError(f"{REGISTRY}: webhook: {name} is not set in the environment.", f"Set {name}.")
    return value
