"""configs/deployment.yaml: which models there are besides the champion, and which policy divides the traffic."""

from __future__ import annotations

import json
from functools import cache, reduce
from operator import or_
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError, create_model

from ..configuration import load, refused
from ..contract.types import Contract, Section
from ..discovery import discover_classes
from ..errors import SettingsError
from .policies.base import Other, Policy

DEPLOYMENT = Path("configs/deployment.yaml")


class Deployment(Section):
    """All of configs/deployment.yaml.

    Args:
        models: by name, the file, folder or address of each model besides the champion.
        policy: who answers; None for the champion alone.
        scale: the error from which on the prediction of a number is worth nothing.
    """

    format: Literal[1]
    models: Annotated[
        dict[Other, str], Field(description="Models besides the champion, by name: a file, a folder or an address.")
    ] = {}  # noqa: RUF012
    policy: Policy | None = None
    scale: Annotated[
        float | None,
        Field(gt=0, description="Of numbers: an error of so much, or more, scores 0; none at all scores 1."),
    ] = None


@cache
def deployment_type() -> type[Deployment]:
    """The whole file, by the policies that there are."""
    return create_model(
        "Deployment", __base__=Deployment, __doc__=Deployment.__doc__, policy=(_any_policy() | None, None)
    )


@cache
def _any_policy() -> Any:
    policies: Any = reduce(or_, discover_classes("router/policies", Policy))  # type: ignore[type-abstract]
    return Annotated[policies, Field(discriminator="kind", description="Which model answers.")]


def deployment_schema() -> dict[str, Any]:
    """The JSON Schema of configs/deployment.yaml, by which editors explain keys; it stands in configs/deployment.schema.json."""
    return deployment_type().model_json_schema()


def policy_schema(reference: str) -> dict[str, Any]:
    """The JSON Schema of a policy or null; what it refers to, by addresses of this form, is in its `$defs`."""
    return TypeAdapter(_any_policy() | None).json_schema(ref_template=reference)


def load_deployment(path: Path, contract: Contract) -> Deployment:
    """The file, or the champion alone if there is none; raises `SettingsError` with the line to mend."""
    if not path.exists():
        return Deployment(format=1)
    deployment = load(path, deployment_type())
    if problem := misfit(deployment, contract):
        raise refused(path, ("policy",), problem)
    return deployment


def policy_of(content: bytes) -> Policy | None:
    """A policy as JSON, as an administrator sends it; raises `SettingsError` that says what is wrong."""
    try:
        read: Policy | None = TypeAdapter(_any_policy() | None).validate_json(content)
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False, include_context=False)
        words = "; ".join(f"{'.'.join(map(str, each['loc'])) or 'the policy'}: {each['msg']}" for each in wrong[:10])
        raise SettingsError(
            f"This is no policy: {words}.", "Send it as configs/deployment.yaml has it, as JSON."
        ) from None
    return read


def json_of(policy: Policy | None) -> Any:
    """A policy as JSON's values."""
    return json.loads(policy.model_dump_json()) if policy else None


def misfit(deployment: Deployment, contract: Contract) -> str:
    """Why a policy cannot work with these models and this contract, in words; nothing if it can."""
    policy = deployment.policy
    if policy is None:
        return ""
    if unknown := [name for name in policy.others if name not in deployment.models]:
        return (
            f"there is no model {', '.join(f'`{name}`' for name in unknown)}; `models` has {_listed(deployment.models)}"
        )
    if policy.column is not None and policy.column not in contract.columns:
        return f"the contract has no column `{policy.column}`; it has {_listed(contract.columns)}"
    if policy.learns and not contract.labels and deployment.scale is None:
        return "it decides by scores, and of numbers there is none without a `scale`: an error that is worth nothing"
    return ""


def _listed(names: Any) -> str:
    return ", ".join(f"`{name}`" for name in names) or "none"
