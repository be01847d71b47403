"""configs/queue.yaml: the broker, and how much of it is under way."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from ..configuration import load
from ..connections.environment import Address
from ..contract.types import Section

QUEUE = "configs/queue.yaml"


class Queue(Section):
    """A broker with a queue of requests, one of answers, and one of dead letters."""

    format: Literal[1]
    url: Annotated[
        Address, Field(description="nats://… (JetStream) or amqp://… (RabbitMQ); ${NAME} is set in the environment.")
    ] = "nats://127.0.0.1:4222"
    name: Annotated[
        str,
        Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,49}$", description="Of the queues: NAME.requests, .answers, .dead."),
    ] = "predictions"
    in_flight: Annotated[int, Field(gt=0, le=500, description="Requests that a worker has under way.")] = 128
    most_waiting: Annotated[
        int, Field(gt=0, description="Requests, or answers, that wait in a queue; it takes no more.")
    ] = 100_000
    attempts: Annotated[
        int, Field(gt=0, le=100, description="So often a request is tried that the model, or a worker, fails on.")
    ] = 5
    patience: Annotated[
        float, Field(ge=1, le=600, description="Seconds until NATS gives the requests of a silent worker to another.")
    ] = 30.0


def load_queue(root: Path) -> Queue:
    """The settings; raises `SettingsError`."""
    return load(root / QUEUE, Queue)
