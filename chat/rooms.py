"""A room by its id without asking the database: from this process's memory, else from Redis, else from MongoDB.

Whoever changes a room first empties its copy in Redis, then writes, then puts the new version there; readers that find
it empty ask MongoDB. The other processes are told the id, forget theirs and look again. What a lost word or a crash in
between leaves wrong, a comparison of versions puts right within seconds.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
import structlog
from redis.exceptions import RedisError

from chat import keys
from chat.registry import RoomRegistry
from chat.room import Room
from chat.store import Unstored
from live.relay import Relay
from live.together import Together

MOST_IN_MEMORY = 5000
EMPTY_S = 10
CHECK_EVERY_S = 5.0
TRIES = 8
_AWAY = (RedisError, OSError, TimeoutError)

KEEP_NEWER = """
local held = redis.call('GET', KEYS[1])
if held and held ~= '' and tonumber(string.match(held, '^%d+')) >= tonumber(ARGV[1]) then return 0 end
if held == '' and ARGV[4] ~= 'over' then return 0 end
redis.call('SET', KEYS[1], ARGV[1] .. ':' .. ARGV[2], 'EX', ARGV[3])
return 1
"""

Changed = Callable[[Room], Awaitable[None]]
Amend = Callable[[Room], Room]
logger = structlog.get_logger(__name__)


def utc_now() -> datetime:
    """Now, in the whole milliseconds MongoDB keeps."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


class Rooms:
    """`changed` is called in every process that knows a room when it is another than before."""

    def __init__(self, registry: RoomRegistry, redis: Any, prefix: str, relay: Relay, changed: Changed) -> None:
        self.registry = registry
        self._redis, self._prefix, self._relay, self._changed = redis, prefix, relay, changed
        self._known: dict[str, Room] = {}
        self._asking: dict[str, asyncio.Future[Room | None]] = {}
        self._doubted: set[str] = set()
        self._awake = asyncio.Event()
        self._copies = Together(self._read_copies)
        self._keep = redis.register_script(KEEP_NEWER)
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(Room).decode

    async def get(self, room_id: str) -> Room | None:
        """The room, or None; raises Unstored. Many who ask at once ask once."""
        known = self._known.get(room_id)
        if known is not None:
            return known
        asking = self._asking.get(room_id)
        if asking is None:
            asking = self._asking[room_id] = asyncio.ensure_future(self._find(room_id))
            asking.add_done_callback(lambda _: self._asking.pop(room_id, None))
        return await asyncio.shield(asking)

    async def open(self, room: Room, *, is_news: bool = False) -> tuple[Room, bool]:
        """The room of this id, made when it is not there yet; whether it was made. `is_news`: nobody looks first."""
        found = await self.get(room.id) if not is_news else None
        if found is not None:
            return found, False
        if await self.registry.insert_room(room):
            await self._put(room, over=True)
            return room, True
        kept = await self.registry.room(room.id)
        return kept or room, False

    async def change(self, room_id: str, amend: Amend) -> Room | None:
        """Change a room; `amend` may run again when somebody else was faster, and returns what it got for no change."""
        for _ in range(TRIES):
            before = await self.registry.room(room_id)
            if before is None:
                return None
            after = amend(before)
            if after is before:
                return before
            after = msgspec.structs.replace(after, version=before.version + 1)
            await self._empty(room_id)
            if await self.registry.replace_room(after, before.version):
                await self._put(after, over=True)
                await self._tell(after)
                return after
        raise Unstored(f"room {room_id} changed faster than it could be changed")

    async def run(self) -> None:
        """Hear of changes elsewhere, and compare versions every few seconds, until cancelled."""
        stop = self._relay.subscribe(keys.ROOMS, self._heard)
        self._relay.on_continuity_lost.append(self._doubt_all)
        try:
            while True:
                try:
                    async with asyncio.timeout(CHECK_EVERY_S):
                        await self._awake.wait()
                    doubted, self._doubted = self._doubted, set()
                except TimeoutError:
                    doubted = set(self._known)
                self._awake.clear()
                await self._look_again(doubted)
        finally:
            stop()
            self._relay.on_continuity_lost.remove(self._doubt_all)

    async def _look_again(self, doubted: Iterable[str]) -> None:
        known = {room_id: room for room_id in doubted if (room := self._known.get(room_id)) is not None}
        if not known:
            return
        try:
            versions = await self.registry.versions(list(known))
            for room_id, room in known.items():
                if versions.get(room_id) != room.version:
                    await self._renew(room_id)
        except Unstored as error:
            logger.warning("rooms could not be compared", error=str(error))
            self._doubted.update(known)

    async def _renew(self, room_id: str) -> None:
        self._known.pop(room_id, None)
        room = await self.registry.room(room_id)
        if room is not None:
            await self._put(room, over=True)
            await self._changed(room)

    async def _find(self, room_id: str) -> Room | None:
        room = await self._copies.ask(room_id)
        if room is not None:
            self._relay.meters.reads["room from redis"] += 1
            self._remember(room)
            return room
        self._relay.meters.reads["room from mongodb"] += 1
        room = await self.registry.room(room_id)
        if room is not None:
            await self._put(room, over=False)
        return room

    async def _read_copies(self, room_ids: Sequence[str]) -> dict[str, Room]:
        try:
            found = await self._redis.mget([keys.room(self._prefix, each) for each in room_ids])
        except _AWAY as error:
            logger.warning("copies of rooms could not be read", rooms=len(room_ids), error=repr(error))
            return {}
        pairs = zip(room_ids, found, strict=True)
        return {room_id: self._decode(held.split(b":", 1)[1]) for room_id, held in pairs if held}

    async def _put(self, room: Room, *, over: bool) -> None:
        """Remember it, and copy it to Redis unless a newer one is there (or, without `over`, one is being made)."""
        self._remember(room)
        args: list[str | int | bytes] = [room.version, self._encode(room), keys.COPY_LIFE_S, "over" if over else ""]
        try:
            await self._keep(keys=[keys.room(self._prefix, room.id)], args=args)
        except _AWAY as error:
            logger.warning("a room could not be copied", error=repr(error))

    async def _empty(self, room_id: str) -> None:
        try:
            await self._redis.set(keys.room(self._prefix, room_id), b"", ex=EMPTY_S)
        except _AWAY as error:
            logger.warning("a room's copy could not be emptied", error=repr(error))

    async def _tell(self, room: Room) -> None:
        await self._changed(room)
        await self._relay.publish(keys.ROOMS, f"{self._relay.origin} {room.id}".encode())

    def _remember(self, room: Room) -> None:
        held = self._known.get(room.id)
        if held is not None and held.version > room.version:
            return
        if len(self._known) >= MOST_IN_MEMORY:
            self._known.pop(next(iter(self._known)))
        self._known[room.id] = room

    def _heard(self, payload: bytes) -> None:
        origin, _, room_id = payload.decode().partition(" ")
        if origin != self._relay.origin and room_id in self._known:
            self._doubted.add(room_id)
            self._awake.set()

    def _doubt_all(self) -> None:
        self._doubted.update(self._known)
        self._awake.set()
