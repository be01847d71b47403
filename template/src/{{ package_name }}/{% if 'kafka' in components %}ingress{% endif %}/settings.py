"""configs/kafka.yaml: which topics are landed, and how."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from ..configuration import load
from ..connections.environment import Address, Secret
from ..contract.types import Name, Section
from ..errors import SettingsError

KAFKA = "configs/kafka.yaml"


class Login(Section):
    """As whom the brokers are asked."""

    username: Annotated[Address, Field(description="A name, or ${NAME} of the environment.")]
    password: Annotated[Secret, Field(description="${NAME} of the environment.")]
    mechanism: Literal["plain", "scram-sha-256", "scram-sha-512"] = "scram-sha-512"


class Topic(Section):
    """A topic whose messages are JSON objects."""

    servers: Annotated[
        tuple[Address, ...],
        Field(strict=False, min_length=1, description="host:port of some brokers; ${NAME} is set in the environment."),
    ]
    group: Annotated[
        str, Field(min_length=1, description="Consumers of one group share the messages, and their place.")
    ]
    fields: Annotated[
        tuple[Name, ...],
        Field(
            strict=False, min_length=1, description="Columns: fields of a message; `address.city` is inside another."
        ),
    ]
    batch_rows: Annotated[int, Field(gt=0, le=1_000_000, description="So many messages are landed at once.")] = 10_000
    batch_seconds: Annotated[float, Field(gt=0, description="Or as many as there are after so long.")] = 60.0
    login: Annotated[Login | None, Field(description="Without it, anybody may read.")] = None
    tls: Annotated[
        bool, Field(description="Whether the connection is encrypted, and the brokers prove who they are.")
    ] = False
    ca: Annotated[
        str | None, Field(description="File of the authority that vouches for them, if it is not a public one.")
    ] = None


#: As Kafka has it; it is the name of a folder, too.
TopicName = Annotated[str, Field(max_length=249, pattern=r"^[A-Za-z0-9._-]*[A-Za-z0-9_-][A-Za-z0-9._-]*$")]


class Kafka(Section):
    """All of configs/kafka.yaml."""

    format: Literal[1]
    topics: Annotated[dict[TopicName, Topic], Field(description="Topics by name.")]


def load_topic(root: Path, name: str | None) -> tuple[str, Topic]:
    """A topic by name, or the only one.

    Raises:
        SettingsError: the file is missing or wrong, there is no such topic, or none is named and there are several.
    """
    topics = load(root / KAFKA, Kafka).topics
    if name is None and len(topics) == 1:
        (name,) = topics
    if name not in topics:
        there = f"it has {', '.join(topics)}" if topics else "it has none"
        wanted = "one topic has to be named" if name is None else f"there is no topic `{name}`"
        raise SettingsError(f"{KAFKA}: {wanted}; {there}.", f"Name one of them, or write it to {KAFKA}.")
    return name, topics[name]
