"""Messages as RabbitMQ carries them: the properties every one has, and the headers that tell of attempts and deaths."""

from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import aio_pika
from aio_pika.abc import AbstractIncomingMessage

from events.event import Event, encode, glimpse
from events.transport import DeadLetter

ATTEMPT, QUEUE, ERROR, DIED_AT = "x-attempt", "x-queue", "x-error", "x-died-at"
LONGEST_ERROR = 500


def first(event: Event) -> aio_pika.Message:
    """An event on its way for the first time."""
    return aio_pika.Message(
        encode(event), content_type="application/json", delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
        message_id=event.id, type=event.type, timestamp=event.timestamp, app_id="ridewire",
    )


def again(message: AbstractIncomingMessage, headers: dict[str, Any]) -> aio_pika.Message:
    """The same message with other headers."""
    return aio_pika.Message(
        message.body, content_type=message.content_type, delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
        message_id=message.message_id, type=message.type, timestamp=message.timestamp, app_id=message.app_id,
        headers=headers,
    )


def attempt_of(message: AbstractIncomingMessage) -> int:
    """Which attempt this is; the header is ours, and may be missing."""
    found = message.headers.get(ATTEMPT)
    return found if isinstance(found, int) and found > 0 else 1


def deceased(message: AbstractIncomingMessage, queue: str, error: str) -> aio_pika.Message:
    """The message as it lies among the dead."""
    about = {
        QUEUE: queue, ERROR: error[:LONGEST_ERROR], ATTEMPT: attempt_of(message),
        DIED_AT: datetime.now(UTC).isoformat(),
    }
    return again(message, about)


def queue_of(message: AbstractIncomingMessage) -> str:
    """Which queue it died in: we wrote it down, or the broker did when the message had killed too many consumers."""
    return str(message.headers.get(QUEUE) or message.headers.get("x-first-death-queue") or "")


def name_of(message: AbstractIncomingMessage) -> str:
    """What a dead letter is called."""
    return f"{message.message_id or sha256(message.body).hexdigest()[:16]}:{queue_of(message)}"


def read_dead(message: AbstractIncomingMessage) -> DeadLetter:
    """A dead message for people."""
    reason = message.headers.get(ERROR) or f"given up by the broker: {message.headers.get('x-first-death-reason')!s}"
    died_at = message.headers.get(DIED_AT)
    return DeadLetter(
        id=name_of(message), queue=queue_of(message), error=str(reason), attempts=attempt_of(message),
        died_at=datetime.fromisoformat(str(died_at)) if died_at else None, event=glimpse(message.body),
    )
