"""One device of a room's member: it says things until each is stored, and remembers all it was shown."""

import asyncio
import random
import uuid
from typing import NamedTuple

import msgspec

from bench.tokens import token
from client.errors import ConnectionLost, RequestRefused
from client.reconnect import Ridewire
from client.wire import Message

IMPATIENCE = 0.02  # of the wait the library would choose before coming back
ANSWER_WITHIN_S, MARK_WITHIN_S = 4.0, 1.0
READ_SHARE = 0.3


class Member(NamedTuple):
    """Somebody in a room."""

    sub: str
    role: str


class Seen(NamedTuple):
    """A log item that was shown."""

    offset: int
    message_id: str


class Tale(msgspec.Struct):
    """What one device did and saw."""

    room: str
    member: Member
    acks: dict[str, Message] = {}
    refused: list[str] = []
    seen: list[Seen] = []
    tries: int = 0
    gaps: int = 0
    disconnects: int = 0


class Talker:
    """`talk` until told to stop; `cut` breaks its connection from its own side."""

    def __init__(self, url: str, room: str, member: Member, device: str, chance: random.Random) -> None:
        self.tale = Tale(room, member)
        self._chance = chance
        self._channel = f"room:{room}"
        self.session = Ridewire(
            url, token=token(member.sub, member.role), client=device, within_s=60,
            chance=lambda: chance.random() * IMPATIENCE,
        )
        self._number = 0
        self._marking: set[asyncio.Task[None]] = set()

    def cut(self) -> None:
        """Abort, as a phone in a tunnel does."""
        self.session.cut()

    @property
    def last(self) -> int:
        """The offset shown last."""
        return self.tale.seen[-1].offset if self.tale.seen else 0

    async def open(self) -> None:
        """Connect and look at the room."""
        await self.session.__aenter__()
        await self.session.subscribe(self._channel, handler=self._hear)

    async def talk(self, every_s: float, stop: asyncio.Event) -> None:
        """Say something now and then, and read what came, until told to stop; all that was begun is finished."""
        while not stop.is_set():
            try:
                async with asyncio.timeout(self._chance.expovariate(1 / every_s)):
                    await stop.wait()
            except TimeoutError:
                await self._say(str(uuid.UUID(int=self._chance.getrandbits(128), version=4)))
                if self._chance.random() < READ_SHARE:
                    self._mark()
        await asyncio.gather(*self._marking)

    async def close(self) -> None:
        """Go."""
        self.tale.disconnects = self.session.connections - 1
        await self.session.close()

    async def _say(self, client_id: str) -> None:
        text = f"{self.tale.member.role} says {client_id}"
        message = {"type": "chat.send", "room": self.tale.room, "client_id": client_id, "text": text}
        while True:
            self.tale.tries += 1
            try:
                self.tale.acks[client_id] = await self.session.request(message, timeout_s=ANSWER_WITHIN_S)
                return
            except RequestRefused as refused:
                if not refused.retry:
                    self.tale.refused.append(f"{refused.code}: {refused}")
                    return
                await asyncio.sleep((refused.after_ms or 500) / 1000)
            except TimeoutError:
                self.session.cut()
                await asyncio.sleep(0.05)
            except ConnectionLost:
                await asyncio.sleep(0.01)

    def _mark(self) -> None:
        """Read up to somewhere; nothing answers, and what is lost the next mark says again."""
        mark = {"type": "chat.mark", "room": self.tale.room, "read": self._chance.randint(0, self._number)}

        async def tell() -> None:
            try:
                await self.session.request(mark, timeout_s=MARK_WITHIN_S)
            except (TimeoutError, ConnectionLost, RequestRefused):
                return

        task = asyncio.ensure_future(tell())
        self._marking.add(task)
        task.add_done_callback(self._marking.discard)

    def _hear(self, push: Message) -> None:
        if push["type"] == "gap":
            self.tale.gaps += 1
        elif push["type"] == "chat.message":
            self.tale.seen.append(Seen(push["offset"], push["message_id"]))
            self._number = max(self._number, push["number"])
