"""configs/registry.yaml: how often it is asked what is to be served, and who is told that it has changed."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from ..configuration import load
from ..contract.types import Section
from ..steps import Project

REGISTRY = "configs/registry.yaml"
Seconds = Annotated[float, Field(gt=0, le=3600)]
Address = Annotated[str, Field(pattern=r"^https?://\S+$")]
Variable = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]


class Webhook(Section):
    """Who is told when another version is to be served."""

    url: Annotated[
        Address | None,
        Field(description="A POST with a JSON body goes there; `${NAME}` in it is read from the environment."),
    ] = None
    secret: Annotated[Variable | None, Field(description="The environment variable with the key of the signature.")] = (
        None
    )
    command: Annotated[
        tuple[str, ...],
        Field(
            strict=False, description="A program and its arguments, run without a shell; the same body is its input."
        ),
    ] = ()
    timeout: Annotated[Seconds, Field(description="Seconds for one attempt.")] = 10.0
    attempts: Annotated[int, Field(ge=1, le=10, description="How often it is tried.")] = 3

    @model_validator(mode="after")
    def _signed(self) -> Webhook:
        if self.url and not self.secret:
            raise ValueError("`secret` names the environment variable by which what goes to `url` is signed")
        return self


class RegistrySettings(Section):
    """All of configs/registry.yaml."""

    format: Annotated[Literal[1], Field(description="The format of this file.")]
    seconds: Annotated[Seconds, Field(description="Between two looks of `registry watch`.")] = 10.0
    webhook: Annotated[Webhook | None, Field(description="Who is told when another version is to be served.")] = None


def load_settings(project: Project) -> RegistrySettings:
    """Read configs/registry.yaml; raises `SettingsError` that names the line to mend."""
    return load(project.root / REGISTRY, RegistrySettings)


def schema() -> dict[str, Any]:
    """The JSON Schema of configs/registry.yaml, by which editors explain keys; it stands in configs/registry.schema.json."""
    return RegistrySettings.model_json_schema()
