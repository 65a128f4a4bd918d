"""What a session may be told besides its address, and the phases it goes through."""

from collections.abc import Awaitable, Callable
from enum import Enum
from typing import TypedDict

from client.wire import Encoding

TokenSource = str | Callable[[], Awaitable[str]]


class Status(Enum):
    """The phases of a session."""

    CONNECTING = "connecting"
    CONNECTED = "connected"
    WAITING = "waiting"
    CLOSED = "closed"


class Options(TypedDict, total=False):
    """What a session may be told besides its address and token."""

    client: str
    encoding: Encoding
    origin: str | None
    merge: bool
    debug: bool
    within_s: float | None
