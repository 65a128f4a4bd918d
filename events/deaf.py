"""Connected, and deaf: tells a consumer that hears nothing from one that has nothing to hear. Two looks decide."""

import msgspec


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
