"""A thousand rooms resumed by five thousand sockets at once, after the server was killed: what it costs MongoDB."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import msgspec

from bench.chat.stage import Running, staged
from bench.chat.talk import quantile
from bench.dialects import DIALECTS, Heard, Ridewire
from bench.link import Link, connect
from bench.page import table
from bench.tokens import token

SAID_BEFORE, SAID_MISSED, LATEST_S, LOOK_S = 3, 2, 10.0, 0.1
ABOUT = """The server is killed with -9 and started again; all sockets connect, and then all ask for their room in one
moment of one process. What was committed and not copied to Redis before the kill comes as a push behind the answer.

"""


class Subscribed(msgspec.Struct):
    """What of an answer counts here."""

    type: str
    re: int = 0
    epoch: str = ""
    offset: int = 0
    recovered: bool = False
    items: list[object] = []


class Device:
    """One socket of a member of one room."""

    def __init__(self, room: str, sub: str, role: str) -> None:
        self.channel, self.sub, self.role = f"room:{room}", sub, role
        self.epoch, self.offset, self.recovered, self.items = "", 0, False, 0
        self.pushed, self.took_ms = 0, 0.0

    @property
    def is_whole(self) -> bool:
        """Whether exactly what was missed is here, in the answer or behind it."""
        return self.recovered and self.items + self.pushed == SAID_MISSED

    def link(self) -> Link:
        """A fresh socket."""
        return Link(Listening(self), token(self.sub, self.role), lambda link, heard: None)


class Listening(Ridewire):
    """Ridewire's JSON, and the place in the log that each `subscribed` tells."""

    def __init__(self, device: Device) -> None:
        super().__init__("json")
        self.device, self.sent_s = device, 0.0
        self._whole = msgspec.json.Decoder(Subscribed | list[Subscribed]).decode

    def subscribe(self, number: int, channel: str) -> bytes:
        """`subscribe`, from where the device stands."""
        self.sent_s = time.perf_counter()
        recover = {"recover": {"epoch": self.device.epoch, "offset": self.device.offset}} if self.device.epoch else {}
        return msgspec.json.encode({"type": "subscribe", "id": number, "channel": channel, **recover})

    def read(self, payload: bytes) -> list[Heard]:
        """The same messages, looked at."""
        whole = self._whole(payload)
        heard = []
        for each in whole if isinstance(whole, list) else [whole]:
            if each.type == "subscribed" and each.re == 2:
                self.device.took_ms = (time.perf_counter() - self.sent_s) * 1000
                self.device.epoch, self.device.offset = each.epoch, each.offset
                self.device.recovered, self.device.items = each.recovered, len(each.items)
            elif each.type == "chat.message":
                self.device.pushed += 1
            heard.append(Heard(each.type, re=each.re))
        return heard


@asynccontextmanager
async def resumed(running: Running, devices: list[Device]) -> AsyncIterator[None]:
    """All of them connect, and then all ask for their rooms in one moment; within the block all are answered."""
    links = [device.link() for device in devices]
    await connect(links, running.origin, within_s=120)
    for device, link in zip(devices, links, strict=True):
        link.asked.add(2)
        link.send(link.dialect.subscribe(2, device.channel))
    await asyncio.wait_for(asyncio.gather(*(link.watching.wait() for link in links)), 120)
    yield
    for link in links:
        if link.transport is not None:
            link.transport.disconnect()
    await asyncio.gather(*(link.gone.wait() for link in links))


async def all_whole(devices: list[Device]) -> int:
    """How many have what they missed, once all have or it takes too long."""
    for _ in range(round(LATEST_S / LOOK_S)):
        if all(device.is_whole for device in devices):
            break
        await asyncio.sleep(LOOK_S)
    return sum(device.is_whole for device in devices)


def say(running: Running, number: int, times: int) -> None:
    """The customer of a room says something."""
    for nth in range(times):
        body = {"client_id": f"{number:08d}-0000-4000-8000-{time.time_ns() % 10**12:012d}", "text": f"word {nth}"}
        running.ask("POST", f"/api/rooms/vendor_v{number}_customer_c{number}/messages", f"c{number}", "customer", body)


async def for_all(rooms: int, work: partial[None]) -> None:
    """Do it for every room, some at a time."""
    gate = asyncio.Semaphore(16)

    async def one(number: int) -> None:
        async with gate:
            await asyncio.to_thread(work, number)

    await asyncio.gather(*(one(number) for number in range(rooms)))


def open_room(running: Running, number: int) -> None:
    """A room with a few words in it."""
    running.ask("POST", "/api/rooms", f"c{number}", "customer", {"vendor_id": f"v{number}"})
    say(running, number, SAID_BEFORE)


def devices_of(rooms: int, sockets: int) -> list[Device]:
    """The members' devices, spread over the rooms."""
    made = []
    for number in range(sockets):
        at = number % rooms
        sub, role = (f"c{at}", "customer") if number // rooms % 2 == 0 else (f"v{at}", "vendor")
        made.append(Device(f"vendor_v{at}_customer_c{at}", sub, role))
    return made


async def storm(running: Running, rooms: int, sockets: int) -> dict[str, str]:
    """Once to be known, then the crash, then the storm."""
    await for_all(rooms, partial(open_room, running))
    devices = devices_of(rooms, sockets)
    queries = running.queries()
    async with resumed(running, devices):
        first = running.queries() - queries
    await for_all(rooms, partial(say_missed, running))
    await asyncio.to_thread(running.server.kill)
    await asyncio.to_thread(running.start)
    before, queries, began_s = running.resume_reads(), running.queries(), time.perf_counter()
    async with resumed(running, devices):
        lasted_s = time.perf_counter() - began_s
        asked, now = running.queries() - queries, running.resume_reads()
        whole = await all_whole(devices)
    took = [device.took_ms for device in devices]
    return {
        "sockets, rooms": f"{sockets}, {rooms}", "have exactly what was missed": str(whole),
        "`subscribed` p50 / p99, ms": f"{quantile(took, 0.5):.0f} / {quantile(took, 0.99):.0f}",
        "`subscribed` longest, ms": f"{max(took):.0f}", "connected and subscribed within": f"{lasted_s:.1f} s",
        "reads answered by MongoDB meanwhile, of whomever": f"{asked}; {asked / sockets:.3f} a socket",
        "the same when all came for the first time": f"{first}; {first / sockets:.3f} a socket",
        **{f"resume: {of}": str(count - before.get(of, 0)) for of, count in sorted(now.items())},
    }


def say_missed(running: Running, number: int) -> None:
    """What is said while nobody looks."""
    say(running, number, SAID_MISSED)


def run(rooms: int, sockets: int) -> str:
    """One storm, one table."""
    assert "json" in DIALECTS
    with staged("ridewire", {"MAX_SOCKETS_PER_USER": "1000"}) as running:
        rows = asyncio.run(storm(running, rooms, sockets))
    return ABOUT + table(["", ""], [[name, value] for name, value in rows.items()])
