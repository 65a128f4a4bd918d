"""How many messages somebody has not read: counted, never added up by a client. Pure.

A room counts its messages and, per sender, how many are theirs. A mark says up to which number somebody has read, and
how many messages at or below it were quiet: their own, or the service's. Unread is what else is above the mark.
"""

import msgspec

SERVICE = "system:system"  # as `role:sub`


class Counts(msgspec.Struct, frozen=True):
    """A room's messages: the newest one's `number`, and how many each member (by `role:sub`) has sent."""

    number: int = 0
    sent: dict[str, int] = {}

    def quiet(self, person: str) -> int:
        """How many need no reading by this person (`role:sub`): their own, and what the service itself said."""
        return self.sent.get(person, 0) + (self.sent.get(SERVICE, 0) if person != SERVICE else 0)


class Mark(msgspec.Struct, frozen=True):
    """Up to which number somebody has got and read messages. `own`: how many up to `read` were quiet."""

    delivered: int = 0
    read: int = 0
    own: int = 0

    def with_(self, other: "Mark") -> "Mark":
        """Both: marks only move forward, and `own` follows `read`."""
        return Mark(max(self.delivered, other.delivered), max(self.read, other.read), max(self.own, other.own))

    @property
    def order(self) -> int:
        """Rises whenever the mark moves."""
        return self.delivered + self.read


def unread(counts: Counts, mark: Mark, person: str) -> int:
    """Messages of other people above the mark. `person`: `role:sub`."""
    return max(0, counts.number - mark.read - (counts.quiet(person) - mark.own))


def clamp(delivered: int | None, read: int | None, number: int) -> tuple[int, int]:
    """What was asked to be marked, no further than the newest message; who has read has got."""
    read = min(read or 0, number)
    return max(min(delivered or 0, number), read), read
