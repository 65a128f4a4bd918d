"""Connected, and deaf: tells a consumer that hears nothing from one that has nothing to hear. Two looks decide.

One kind they cannot tell: RabbitMQ (3.10 does) may attach the consumer of a queue that was deleted to one that is made
under its name within milliseconds, and deliver to it in name only. Nothing is ready then, and the broker's time-out for
acknowledgements does not end it, because its channel knows of no delivery; a new connection does. So whoever has heard
nothing for QUIET_S takes one, to be sure.
"""

import msgspec

QUIET_S = 300.0  # a new connection costs some ten milliseconds


class Look(msgspec.Struct, frozen=True):
    """One queue at one moment. `taken` counts our deliveries since we began, `room`: we could take another."""

    ready: int
    consumers: int
    taken: int
    room: bool


def is_deaf(before: Look, now: Look) -> bool:
    """At both looks the broker knew of no consumer, or events lay ready while we had room and took none in between."""
    if before.consumers == 0 and now.consumers == 0:
        return True
    idle = before.room and now.room and before.taken == now.taken
    return idle and before.ready > 0 and now.ready > 0


class Quiet:
    """Since when a consumer has heard nothing. Time, in seconds, is a parameter: a clock that never jumps."""

    def __init__(self, quiet_s: float = QUIET_S) -> None:
        self._quiet_s = quiet_s
        self._since: dict[str, tuple[int, float]] = {}

    def is_long(self, queue: str, taken: int, in_hand: int, now_s: float) -> bool:
        """Whether it is time for a new connection; that begins a new silence."""
        before, since_s = self._since.get(queue, (-1, now_s))
        if taken == before and not in_hand and now_s - since_s < self._quiet_s:
            return False
        self._since[queue] = (taken, now_s)
        return taken == before and not in_hand
