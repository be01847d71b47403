"""Which broker an address is of."""

from __future__ import annotations

from ..connections.environment import expanded
from ..errors import SettingsError
from .messages import Queues
from .settings import QUEUE, Queue


def queues_of(settings: Queue) -> Queues:
    """The queues of the broker that the settings name; raises `SettingsError` if it is none that is known here."""
    scheme = expanded(settings.url.partition("://")[0]).partition("://")[0]
    if scheme in {"nats", "tls"}:
        from .jetstream import JetStream

        return JetStream(settings)
    if scheme in {"amqp", "amqps"}:
        from .rabbit import Rabbit

        return Rabbit(settings)
    raise SettingsError(f"{QUEUE}: url: {settings.url} is neither NATS nor RabbitMQ.", "Write nats://… or amqp://….")
