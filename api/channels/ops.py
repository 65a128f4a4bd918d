"""`ops`: what the people who run the service watch: new orders, silent riders, fence alerts, how many of everything."""

from typing import Any

from api.channels.counters import Counters
from api.errors import Refused
from api.rights import Actor, Everything, may
from api.socket.channels import Admission
from live.outbox import Outbox


class OpsKind:
    """The log of `ops`, and the counters as its latest value; which fences were edited is told beside them."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters

    async def admit(
        self, actor: Actor, channel: str, outbox: Outbox, max_rate_hz: float | None
    ) -> Admission | Refused:
        """Staff."""
        if channel != "ops":
            return Refused("not_found", "The channel is called ops.", field="channel")
        if not may(actor, "fleet.watch", Everything()):
            return Refused("forbidden", "Only staff may watch ops.", field="channel")
        return Admission(topics=(channel,), has_log=True, state=self._state)

    async def _state(self) -> dict[str, Any]:
        """{counters: {riders, orders: {status: number}}}."""
        return {"counters": await self._counters.fresh()}
