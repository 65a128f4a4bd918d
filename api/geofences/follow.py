"""A worker's table of fences follows the store: changes are heard of at once, and looked for every few seconds."""

import asyncio
from collections.abc import Callable

import structlog

from api.geofences.store import TOPIC, FenceStore, Stored
from geo.fences.feature import Wrong, read
from geo.fences.fence import Fence
from geo.fences.table import FenceTable

log = structlog.get_logger(__name__)
LOOK_EVERY_S = 5.0
RETRY_S = 1.0
PAGE = 500
Subscribe = Callable[[str, Callable[[bytes], None]], Callable[[], None]]


class Follower:
    """Keeps `table` like the store for as long as `run` runs; `ready` is set when it was so once."""

    def __init__(self, store: FenceStore, subscribe: Subscribe) -> None:
        self.table = FenceTable()
        self.ready = asyncio.Event()
        self._store, self._subscribe = store, subscribe
        self._revisions: dict[str, int] = {}
        self._heard: set[str] = set()
        self._awake = asyncio.Event()
        self._is_loaded = False

    def name_of(self, fence_id: str) -> str:
        """What the fence is called; a deleted one's id."""
        slot = self.table.slots.get(fence_id)
        fence = None if slot is None else self.table.fences[slot]
        return fence.name if fence is not None else fence_id

    async def run(self) -> None:
        """Follow until cancelled; outages are waited out."""
        stop = self._subscribe(TOPIC, self._hear)
        try:
            while True:
                try:
                    await self._look()
                    self.ready.set()
                    async with asyncio.timeout(LOOK_EVERY_S):
                        while True:
                            await self._awake.wait()
                            self._awake.clear()
                            await self._take()
                except TimeoutError:
                    continue
                except Exception as error:
                    log.warning("fences cannot be read", error=f"{type(error).__name__}: {error}")
                    await asyncio.sleep(RETRY_S)
        finally:
            stop()

    def _hear(self, payload: bytes) -> None:
        self._heard.add(payload.decode())
        self._awake.set()

    async def _look(self) -> None:
        """Compare all revisions; the first time, all fences are read."""
        revisions = await self._store.revisions()
        if not self._is_loaded:
            await self._load_all()
        for gone in self._revisions.keys() - revisions.keys():
            self._drop(gone)
        self._heard |= {fence for fence, rev in revisions.items() if self._revisions.get(fence) != rev}
        await self._take()

    async def _load_all(self) -> None:
        after: str | None = None
        while page := await self._store.page(after, PAGE):
            for fence in filter(None, map(self._fence, page)):
                self.table.put(fence)
            after = page[-1].feature["id"]
            await asyncio.sleep(0)
        self._is_loaded = True

    async def _take(self) -> None:
        """Read again what was heard of."""
        while self._heard:
            fence_id = next(iter(self._heard))
            stored = await self._store.get(fence_id)
            self._heard.discard(fence_id)
            if stored is None:
                self._drop(fence_id)
            elif (fence := self._fence(stored)) is not None:
                self.table.put(fence)

    def _drop(self, fence_id: str) -> None:
        self.table.drop(fence_id)
        self._revisions.pop(fence_id, None)

    def _fence(self, stored: Stored) -> Fence | None:
        fence_id = stored.feature["id"]
        self._revisions[fence_id] = stored.rev
        try:
            return read(stored.feature, fence_id).fence
        except Wrong as error:  # written by another version
            log.error("a stored fence is not understood and not watched", fence=fence_id, error=error.message)
            return None
