"""One run: people talk while things break, then all is finished, and what was said is compared with what stands."""

import asyncio
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence

import msgspec

from bench.chat_chaos.faults import Faults, Plan
from bench.chat_chaos.proxy import FaultProxy
from bench.chat_chaos.stage import Stage
from bench.chat_chaos.talker import Member, Talker
from bench.chat_chaos.verdict import Verdict, judge

AT_ONCE, WORD_EVERY_S = 20, 10.0


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """How many talk where, how often each says something, and when it is enough: so many disconnects, or so long."""

    rooms: int = 50
    devices: int = 4
    every_s: float = 2.0
    disconnects: int = 10_000
    most_s: float = 400.0
    settle_s: float = 60.0
    seed: int = 1


class Outcome(msgspec.Struct):
    """What came of it."""

    verdict: Verdict
    faults: Counter[str]
    talkers: Sequence[Talker]
    lasted_s: float

    @property
    def disconnects(self) -> int:
        """How often a device's connection ended."""
        return sum(talker.tale.disconnects for talker in self.talkers)


def devices_of(members: Sequence[Member], count: int) -> list[tuple[Member, str]]:
    """The members in turn, each with another device."""
    return [(members[number % len(members)], f"device-{number}") for number in range(count)]


async def play(stage: Stage, load: Load, plan: Plan) -> Outcome:
    """Talk, break, finish, compare."""
    chance = random.Random(load.seed)
    rooms = await asyncio.to_thread(stage.open_rooms, load.rooms)
    async with FaultProxy(stage.nginx.port, random.Random(chance.random())) as proxy:
        talkers = [
            Talker(f"ws://127.0.0.1:{proxy.port}/ws", room, member, device, random.Random(chance.random()))
            for room, members in rooms.items() for member, device in devices_of(members, load.devices)
        ]
        for start in range(0, len(talkers), AT_ONCE):
            await asyncio.gather(*(talker.open() for talker in talkers[start : start + AT_ONCE]))
        faults = Faults(stage, proxy, talkers, plan, random.Random(chance.random()))
        began_s = time.monotonic()
        try:
            await talk(talkers, faults, load)
            lasted_s = time.monotonic() - began_s
            await settle(stage, talkers, list(rooms), load.settle_s)
        finally:
            await asyncio.gather(*(talker.close() for talker in talkers))
    verdict = await asyncio.to_thread(compare, stage, rooms, talkers)
    return Outcome(verdict, faults.done, talkers, lasted_s)


async def talk(talkers: Sequence[Talker], faults: Faults, load: Load) -> None:
    """Until there were enough disconnects or it is late; then whatever was begun is finished on a whole network."""
    stop, deadline_s, next_word_s = asyncio.Event(), time.monotonic() + load.most_s, time.monotonic()
    talking = [asyncio.create_task(talker.talk(load.every_s, stop)) for talker in talkers]
    breaking = asyncio.create_task(faults.run(stop))
    while time.monotonic() < deadline_s and not any(task.done() for task in talking):
        count = sum(max(0, talker.session.connections - 1) for talker in talkers)
        if count >= load.disconnects:
            break
        if time.monotonic() >= next_word_s:
            print(f"{count} disconnects, {deadline_s - time.monotonic():.0f} s left", file=sys.stderr, flush=True)
            next_word_s += WORD_EVERY_S
        await asyncio.sleep(0.2)
    stop.set()
    await breaking
    async with asyncio.timeout(load.settle_s):
        await asyncio.gather(*talking)


async def settle(stage: Stage, talkers: Sequence[Talker], rooms: list[str], within_s: float) -> None:
    """Wait until every device was shown the end of its room, or until patience ends."""
    deadline_s = time.monotonic() + within_s
    while time.monotonic() < deadline_s:
        ends = {room: len(log) for room, log in (await asyncio.to_thread(stage.logs, rooms)).items()}
        if all(talker.last >= ends[talker.tale.room] for talker in talkers):
            break
        await asyncio.sleep(0.5)
    await asyncio.sleep(1)  # marks are stored a moment after they are sent


def compare(stage: Stage, rooms: dict[str, list[Member]], talkers: Sequence[Talker]) -> Verdict:
    """What stands in MongoDB and what the service counts, against what the devices tell."""
    counted = stage.counted(rooms)
    return judge([talker.tale for talker in talkers], stage.logs(list(rooms)), stage.reads(), counted)
