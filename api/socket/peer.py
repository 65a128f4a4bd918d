"""What a connection serves, and how long it waits for whom."""

from typing import NamedTuple, Protocol


class Patience(NamedTuple):
    """How long a connection waits, in seconds. A writer is looked at every `stall_look_s`, given up after `stall_s`."""

    ping_every_s: float = 25.0
    pong_within_s: float = 10.0
    stall_s: float = 15.0
    stall_look_s: float = 3.0
    close_within_s: float = 5.0
    close_stalled_within_s: float = 1.0


class Peer(Protocol):
    """What a connection serves: a session, or in tests an echo."""

    is_text: bool

    @property
    def overflowed(self) -> bool:
        """More waits than the reader may leave waiting."""

    @property
    def has_more(self) -> bool:
        """After a `take`: whether another one may give something."""

    def received(self, data: bytes, is_text: bool) -> None:
        """One whole message came."""

    def take(self, now_ms: float) -> bytes | None:
        """The next frame to write, of the kind that `is_text` then says; None when nothing waits."""

    def check(self, now_s: float) -> float | None:
        """A deadline may have come; returns the next one in loop seconds."""

    def end(self, code: int, reason: str = "", *, drop: bool = False) -> None:
        """Say last words and hang up with this code."""

    def retire(self) -> None:
        """The server is going away: finish and hang up soon."""

    def lost(self, code: int) -> None:
        """The connection is gone; `code` as it was closed, 1006 when it broke."""
