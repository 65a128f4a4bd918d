"""`rider:{id}`: where one rider is and whether they are online, for staff and for the rider."""

from functools import partial
from typing import Any

from api.errors import Refused
from api.rights import Actor, RiderThing, may
from api.socket.channels import Admission
from live.outbox import Outbox
from live.store import Unreadable
from tracking.store import StoreDown
from tracking.watch import Watch


class RiderKind:
    """A rider's own devices may look on, but do not make the rider watched: no phone speeds up for itself."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    async def admit(
        self, actor: Actor, channel: str, outbox: Outbox, max_rate_hz: float | None
    ) -> Admission | Refused:
        """Staff and that rider."""
        _, _, rider = channel.partition(":")
        if not rider or not may(actor, "rider.watch", RiderThing(rider)):
            return Refused("forbidden", "Only that rider and staff may watch a rider.", field="channel")
        onlooker = actor.role != "rider"
        self._watch.open_rider(rider, onlooker=onlooker)
        leave = partial(self._watch.close_rider, rider, onlooker=onlooker)
        return Admission(topics=(channel,), has_log=True, state=partial(self._state, rider), leave=leave)

    async def _state(self, rider: str) -> dict[str, Any]:
        """{position?, presence}."""
        try:
            return await self._watch.rider_state(rider)
        except StoreDown as error:
            raise Unreadable(f"rider {rider} cannot be read: {error}") from error
