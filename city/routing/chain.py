"""Routers asked in turn. One that fails is passed over and, behind its breaker, left alone for a while.

"There is no way" is an answer too, but the next router may know better streets. Ways are remembered by places rounded
to eleven metres, the least lately asked forgotten first.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence

import structlog

from calls.breaker import CLOSED, OPEN
from calls.guard import CircuitOpen, Guard
from city.routing.way import Place, Router, Unanswered, Way

log = structlog.get_logger(__name__)
REMEMBERS, KEPT_S = 4096, 600.0
ASK_S = 10.0
DECIMALS = 4
Key = tuple[Place, Place]


class Chain:
    """See Router; but it never raises: None also when nobody answers."""

    name = "routers"

    def __init__(self, routers: Sequence[Router], now_s: Callable[[], float] = time.monotonic) -> None:
        self._links = [(router, Guard(router.name, ASK_S, now_s=now_s)) for router in routers]
        self._now_s = now_s
        self._known: OrderedDict[Key, tuple[float, Way]] = OrderedDict()

    @property
    def guards(self) -> list[Guard]:
        """Each router's, for the metrics."""
        return [guard for _, guard in self._links]

    def forget(self) -> None:
        """Streets have changed: ask anew."""
        self._known.clear()

    async def way(self, start: Place, end: Place) -> Way | None:
        """The first router's way that has one."""
        key = _rounded(start), _rounded(end)
        found = self._recall(key)
        if found is not None:
            return found
        for router, guard in self._links:
            way = await self._ask(router, guard, start, end)
            if way is not None:
                self._known[key] = self._now_s(), way
                if len(self._known) > REMEMBERS:
                    self._known.popitem(last=False)
                return way
        return None

    async def _ask(self, router: Router, guard: Guard, start: Place, end: Place) -> Way | None:
        before = guard.breaker.state
        try:
            way = await guard.ask(lambda: router.way(start, end))
        except CircuitOpen:
            return None
        except (Unanswered, TimeoutError) as error:
            if guard.breaker.state == OPEN:
                log.warning("a routing engine is left alone for a while", router=router.name, reason=str(error))
            return None
        if before != CLOSED and guard.breaker.state == CLOSED:
            log.info("a routing engine answers again", router=router.name)
        return way

    def _recall(self, key: Key) -> Way | None:
        found = self._known.get(key)
        if found is None:
            return None
        if self._now_s() - found[0] > KEPT_S:
            del self._known[key]
            return None
        self._known.move_to_end(key)
        return found[1]


def _rounded(place: Place) -> Place:
    return round(place[0], DECIMALS), round(place[1], DECIMALS)
