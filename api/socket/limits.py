"""How much one socket may ask for: token buckets as one number each. Time is a parameter; nothing here awaits."""

from typing import NamedTuple


class Rate(NamedTuple):
    """`per_s` in the long run, `burst` at once."""

    per_s: float
    burst: int


class Limits(NamedTuple):
    """The limits of a socket, told to the client in `welcome`."""

    message_bytes: int = 64 * 1024
    frame_messages: int = 256
    points: int = 200
    history_items: int = 200
    subscriptions: int = 128
    sockets_per_user: int = 10
    sockets_per_link: int = 100
    waiting_requests: int = 64
    reports: Rate = Rate(20, 100)
    requests: Rate = Rate(20, 200)
    violations: Rate = Rate(1, 50)
    auth_within_s: float = 5.0
    expiry_grace_s: float = 25.0
    ask_within_s: float = 10.0

    def told(self) -> dict[str, object]:
        """What `welcome` says of them; the rates are [per second, at once]."""
        return {
            "message_bytes": self.message_bytes,
            "frame_messages": self.frame_messages,
            "points": self.points,
            "history": self.history_items,
            "subscriptions": self.subscriptions,
            "sockets": self.sockets_per_user,
            "reports": [self.reports.per_s, self.reports.burst],
            "requests": [self.requests.per_s, self.requests.burst],
        }


def spend(full_at_s: float, now_s: float, rate: Rate) -> tuple[float, float]:
    """Take one token. `full_at_s`: when the bucket is full again (0 at first).

    Returns (the new full_at_s, 0.0), or (unchanged, seconds until a token is there).
    """
    one_s = 1.0 / rate.per_s
    full_at = max(full_at_s, now_s) + one_s
    wait_s = full_at - now_s - rate.burst * one_s
    if wait_s > 1e-9:
        return full_at_s, wait_s
    return full_at, 0.0
