"""Entries of a stream: one field, which holds the number of the attempt, a bar, and the event. Pure.

They lie in the sorted set of those that wait in the same form, so that a script can move them without reading them.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from events.event import glimpse
from events.transport import DeadLetter, Delivery

FIELD = b"m"
LONGEST_ERROR = 500


def pack(attempt: int, body: bytes) -> bytes:
    """An entry's one value."""
    return b"%d|%s" % (attempt, body)


def unpack(queue: str, value: bytes) -> Delivery:
    """The delivery it is; a first attempt where nobody wrote which."""
    number, bar, body = value.partition(b"|")
    return Delivery(queue, body, int(number)) if bar and number.isdigit() else Delivery(queue, value, 1)


def deceased(delivery: Delivery, error: str, now_ms: int) -> dict[bytes, bytes]:
    """The fields of a dead letter."""
    return {
        b"queue": delivery.queue.encode(), b"body": delivery.body, b"attempts": b"%d" % delivery.attempt,
        b"error": error[:LONGEST_ERROR].encode(), b"at": b"%d" % now_ms,
    }


def read_dead(entry: bytes, fields: Mapping[bytes, bytes]) -> DeadLetter:
    """A dead letter for people."""
    at_ms = int(fields.get(b"at", b"0"))
    return DeadLetter(
        id=entry.decode(), queue=fields[b"queue"].decode(), error=fields.get(b"error", b"").decode(errors="replace"),
        attempts=int(fields.get(b"attempts", b"1")), died_at=datetime.fromtimestamp(at_ms / 1000, UTC),
        event=glimpse(fields[b"body"]),
    )
