"""`user:{sub}`: a person's own news, on every device they have; subscribed by `auth` itself."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from api.errors import Refused
from api.rights import Actor, UserThing, may
from api.socket.channels import Admission
from live.outbox import Outbox

OpenPerson = Callable[[str], Callable[[], None]]
State = Callable[[str, Outbox], Awaitable[dict[str, Any]]]


async def nothing(sub: str, outbox: Outbox) -> dict[str, Any]:
    """For when nobody keeps anything about people."""
    return {}


class UserKind:
    """A log, and whatever latest values are told to it.

    Each of `open_person` listens for them until what it returns is called; `state` tells what holds now.
    """

    def __init__(self, open_person: Sequence[OpenPerson] = (), state: State = nothing) -> None:
        self._open_person, self._state = open_person, state

    async def admit(
        self, actor: Actor, channel: str, outbox: Outbox, max_rate_hz: float | None
    ) -> Admission | Refused:
        """That person."""
        _, _, sub = channel.partition(":")
        if not sub or not may(actor, "user.watch", UserThing(sub)):
            return Refused("forbidden", "Everybody watches only their own news.", field="channel")
        leaves = [open_person(sub) for open_person in self._open_person]

        def leave() -> None:
            for each in leaves:
                each()

        return Admission(topics=(channel,), has_log=True, state=lambda: self._state(sub, outbox), leave=leave)
