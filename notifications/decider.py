"""Whoever did not confirm in time is interrupted by one other way. `run` looks for what is due, in any worker.

What is due stands in MongoDB and is claimed by moving its `due_ms` ahead: of many workers one gets it and keeps it, as
`claims.py` says, and if that one dies the next gets it seconds later. An attempt that was cut short in between may be
made again; the same topic, message id or idempotency key lets the other side see one.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, Protocol

import structlog

from calls.guard import CircuitOpen
from notifications.book import Book, Reach
from notifications.claims import Claims, Lost
from notifications.decision import ACK_WITHIN_MS, Drop, Send, Wait, again_ms, decide
from notifications.due import Due
from notifications.notice import Notice, Outside
from notifications.preferences import allows
from notifications.store import Row, notice_in
from notifications.ways.gate import Gate
from notifications.ways.outcome import Busy, Gone, Refused

AT_ONCE, LOOK_EVERY_S = 64, 0.2
TRIES = 3
Truth = Callable[[Notice], Awaitable[bool]]
logger = structlog.get_logger(__name__)


class Way(Protocol):
    """One way out. `to` is a browser's subscription, an e-mail address or a telephone number."""

    gate: Gate

    async def send(self, notice: Notice, to: Any) -> None:
        """Raises Refused, Gone, Busy, CircuitOpen, or what may pass."""


def addresses(reach: Reach, channel: Outside) -> tuple[Any, ...]:
    """Where this person can be reached on this channel."""
    single = {"email": reach.contact.email, "sms": reach.contact.phone}.get(channel)
    return reach.browsers if single is None else (single,) if single else ()


class Decider:
    """`ways`: those that are set up here. `is_true`: whether what a notification says still holds."""

    def __init__(
        self, due: Due, book: Book, ways: Mapping[Outside, Way], is_true: Truth, claims: Claims | None = None
    ) -> None:
        self._due, self._book, self._ways, self._is_true = due, book, ways, is_true
        self._claims = claims or Claims(due.renew)

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._claims.run())
            while True:
                free = AT_ONCE - len(self._claims)
                rows = await self._claims.take(partial(self._due.claim, now_ms(), free)) if free else []
                for row in rows:
                    group.create_task(self._deal(row))
                if not free or len(rows) < free:
                    await asyncio.sleep(LOOK_EVERY_S)

    async def _deal(self, row: Row) -> None:
        try:
            await self._decide(row)
        except Exception as error:  # the claim runs out, and then it is looked at again
            logger.warning("a notification could not be decided", id=row["_id"], error=repr(error))
        finally:
            self._claims.drop(row)

    async def _decide(self, row: Row) -> None:
        notice, reach = notice_in(row), await self._book.reach(row["user"])
        if notice.also:
            await self._send_records(row, notice, reach)
            return
        if (seen := confirmed(row)) is not None:
            await self._due.settle(row, seen, now_ms())
            return
        if not notice.fallback:
            await self._due.settle(row, "superseded", now_ms())
            return
        open_ways = {channel for channel in self._ways if addresses(reach, channel)}
        decided = decide(
            notice, reach.preferences, open_ways, row["failed"], now_ms(), is_true=await self._is_true(notice)
        )
        match decided:
            case Drop(why):
                await self._due.settle(row, why, now_ms())
            case Wait(until_ms):
                await self._due.put_off(row, until_ms, row["tries"])
            case Send(channel):
                others = open_ways & set(notice.fallback) - {channel, *row["failed"]}
                await self._interrupt(row, notice, reach, channel, has_others=bool(others))

    async def _interrupt(
        self, row: Row, notice: Notice, reach: Reach, channel: Outside, *, has_others: bool
    ) -> None:
        decided_ms, tries = now_ms(), row["tries"] + 1
        try:
            await self._send(row, channel, notice, reach)
        except Lost:
            raise
        except Refused as error:
            logger.info("a way was refused", id=notice.id, channel=channel, error=str(error))
            await self._due.fail(row, channel, now_ms())
        except Exception as error:
            logger.info("a way did not work", id=notice.id, channel=channel, tries=tries, error=str(error))
            rests_s = error.again_in_s if isinstance(error, CircuitOpen) else None
            if has_others and (rests_s is not None or tries >= TRIES):
                await self._due.fail(row, channel, now_ms())
            else:
                after_s = error.after_s if isinstance(error, Busy) else rests_s
                await self._due.put_off(row, again_ms(now_ms(), tries, after_s), tries)
        else:
            await self._claims.note(lambda: self._due.settle(row, channel, decided_ms))

    async def _send_records(self, row: Row, notice: Notice, reach: Reach) -> None:
        """What is sent in any case. It interrupts nobody, so quiet hours do not hold it back."""
        for channel in notice.also:
            is_wanted = allows(reach.preferences, notice.kind, channel) and now_ms() < notice.expires_ms
            if not is_wanted or channel not in self._ways or channel in row["sent"] or not addresses(reach, channel):
                continue
            try:
                await self._send(row, channel, notice, reach)
            except Lost:
                raise
            except Refused as error:
                logger.info("a record was refused", id=notice.id, channel=channel, error=str(error))
            except Exception as error:
                logger.info("a record was not taken", id=notice.id, channel=channel, error=str(error))
                tries = row["tries"] + 1
                await self._due.put_off(row, again_ms(now_ms(), tries), tries)
                return
            else:
                await self._claims.note(partial(self._due.note_sent, row, channel))
        await self._due.records_done(row, max(now_ms(), row["told_ms"] + ACK_WITHIN_MS))

    async def _send(self, row: Row, channel: Outside, notice: Notice, reach: Reach) -> None:
        """To every address; well when one took it. Raises Lost, or what the last one did when none did."""
        taken = False
        failure: Exception | None = None
        for to in addresses(reach, channel):
            try:
                async with self._claims.hold(row):
                    await self._ways[channel].send(notice, to)
                taken = True
            except Lost:
                if not taken:
                    raise
                break
            except Gone as error:
                failure = failure or error
                if channel == "push":
                    await self._book.forget(to.id)
            except Exception as error:
                failure = error
        if not taken and failure is not None:
            raise failure


def confirmed(row: Row) -> str | None:
    """What a device has said of it since, if anything."""
    for instant, decision in (
        ("read_at", "read"), ("dismissed_at", "dismissed"), ("seen_at", "seen"), ("delivered_at", "in_app")
    ):
        if row.get(instant) is not None:
            return decision
    return None


def now_ms() -> int:
    """The wall clock, as due times are written."""
    return time.time_ns() // 1_000_000
