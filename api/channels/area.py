"""`area:{west},{south},{east},{north}`: every rider in a box of degrees, for dispatchers' maps.

A map that is moved subscribes its new box, then unsubscribes the old one: the fleet's table stays in memory, so a new
box costs one look into it. Riders are told one by one, or as clusters above 500; see tracking/viewport.py.
"""

from functools import partial
from math import isfinite
from typing import Any

from api.errors import Refused
from api.rights import Actor, Everything, may
from api.socket.channels import Admission
from geo.box import Box, check_box
from live.outbox import Outbox
from live.store import Unreadable
from tracking.area import DEFAULT_HZ, HIGHEST_HZ, LOWEST_HZ
from tracking.store import StoreDown
from tracking.viewport import Viewport
from tracking.watch import Watch


class AreaKind:
    """`max_rate_hz` is 1 unless the map asks for another, from once in ten seconds to ten a second."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    async def admit(
        self, actor: Actor, channel: str, outbox: Outbox, max_rate_hz: float | None
    ) -> Admission | Refused:
        """Staff, for a box that is one."""
        if not may(actor, "fleet.watch", Everything()):
            return Refused("forbidden", "Only staff may watch areas.", field="channel")
        box = parse(channel)
        if isinstance(box, str):
            return Refused("bad_request", f"An area is area:west,south,east,north in degrees; {box}.", field="channel")
        rate_hz = rate(max_rate_hz)
        viewport = self._watch.areas.open(channel, box, rate_hz)
        return Admission(
            topics=(channel,), has_log=False, state=partial(self._state, viewport, outbox, channel, rate_hz),
            leave=partial(self._watch.areas.close, channel, rate_hz),
        )

    async def _state(self, viewport: Viewport, outbox: Outbox, channel: str, rate_hz: float) -> dict[str, Any]:
        """{positions: [...], clusters: [...]}, one of them empty."""
        outbox.set_rate(channel, rate_hz)
        try:
            await self._watch.areas.ready()
        except StoreDown as error:
            raise Unreadable(f"the fleet cannot be read: {error}") from error
        return viewport.state(self._watch.now_ms())


def rate(max_rate_hz: float | None) -> float:
    """The rate a map gets for the one it asked for."""
    if max_rate_hz is None or not isfinite(max_rate_hz):
        return DEFAULT_HZ
    return min(HIGHEST_HZ, max(LOWEST_HZ, max_rate_hz))


def parse(channel: str) -> Box | str:
    """The box the channel's name spells, or why it spells none."""
    _, _, edges = channel.partition(":")
    try:
        west, south, east, north = (float(edge) for edge in edges.split(","))
    except ValueError:
        return "four numbers are needed"
    return check_box(west, south, east, north)
