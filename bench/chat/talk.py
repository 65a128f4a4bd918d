"""Sockets that talk: one message at a time each, the next when the ack is there; and what a quantile is."""

import asyncio
import random
import time
import uuid
from collections.abc import Sequence

import msgspec

from bench.dialects import DIALECTS, Heard
from bench.link import Link, connect, subscribe
from bench.tokens import token

LEAST_S = 1 / 15  # between two messages of one sender


def quantile(values: Sequence[float], share: float) -> float:
    """The value under which this share of all lies."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(len(ranked) * share))] if ranked else 0.0


class Told(msgspec.Struct):
    """What came of a window of sending."""

    acks_ms: list[float] = []
    pushed: int = 0
    errors: int = 0
    seconds: float = 0.0

    @property
    def per_s(self) -> float:
        """Acknowledged messages a second."""
        return len(self.acks_ms) / self.seconds


class Sender:
    """One socket in one room."""

    def __init__(self, dialect: str, sub: str, role: str, room: str, told: Told) -> None:
        self.link = Link(DIALECTS[dialect](), token(sub, role), self._hear)
        self.is_socketio, self.room, self.told = dialect == "socketio", room, told
        self._number, self._sent_s = 1000, 0.0
        self._acked = asyncio.Event()

    async def talk(self, until_s: float) -> None:
        """Say something, wait for the ack, again; no oftener than one person may."""
        await asyncio.sleep(random.uniform(0, LEAST_S))
        while time.perf_counter() < until_s:
            self._acked.clear()
            self._number += 1
            self._sent_s = time.perf_counter()
            self.link.send(self._frame())
            async with asyncio.timeout(30):
                await self._acked.wait()
            await asyncio.sleep(max(0.0, self._sent_s + LEAST_S - time.perf_counter()))

    def _frame(self) -> bytes:
        message = {
            "id": self._number, "room": self.room, "client_id": str(uuid.uuid4()), "text": "Is it ready? " * 4
        }
        if self.is_socketio:
            return b'42%d["chat.send",%b]' % (self._number, msgspec.json.encode(message))
        return msgspec.json.encode({"type": "chat.send", **message})

    def _hear(self, link: Link, heard: Heard) -> None:
        if heard.type == "chat.message":
            self.told.pushed += 1
        elif heard.re == self._number:
            if heard.type == "chat.ack":
                self.told.acks_ms.append((time.perf_counter() - self._sent_s) * 1000)
            else:
                self.told.errors += 1
            self._acked.set()


async def send_all(
    origin: str, dialect: str, pairs: Sequence[tuple[str, str, str, str]], warm_s: float, seconds: float
) -> Told:
    """`pairs`: (room, sub, role, _) of each sender. What was acknowledged within the window after the warm-up."""
    told = Told()
    senders = [Sender(dialect, sub, role, room, told) for room, sub, role, _ in pairs]
    rooms = {id(sender.link): f"room:{sender.room}" for sender in senders}
    await connect([sender.link for sender in senders], origin)
    await subscribe([sender.link for sender in senders], lambda link: [rooms[id(link)]])
    began_s = time.perf_counter()
    talking = [asyncio.create_task(sender.talk(began_s + warm_s + seconds)) for sender in senders]
    await asyncio.sleep(warm_s)
    told.acks_ms.clear()
    told.pushed = told.errors = 0
    measured_s = time.perf_counter()
    await asyncio.gather(*talking)
    told.seconds = time.perf_counter() - measured_s
    return told
