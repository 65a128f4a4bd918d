"""Deliveries to webhook endpoints. `run` looks for what is due, in any worker; of many workers one gets a delivery.

An endpoint gets at most AT_ONCE_EACH at a time and is left alone for a while after failures, so one that hangs holds up
nobody else. Its receiver knows a delivery by `webhook-id`, which stays the same over all tries.
"""

import asyncio
import random
import time
from collections import Counter
from functools import partial
from typing import Any

import msgspec
import structlog

from calls.guard import CircuitOpen
from notifications.claims import Claims, Lost
from notifications.hooks.schedule import again_after_s
from notifications.hooks.signing import headers
from notifications.hooks.store import Hook, HookStore, Row
from notifications.ways.addresses import Forbidden
from notifications.ways.egress import Answer, Egress
from notifications.ways.gate import Gate

AT_ONCE, AT_ONCE_EACH, LOOK_EVERY_S = 32, 8, 0.3
PER_S, TIMEOUT_S = 50.0, 8.0
logger = structlog.get_logger(__name__)


class Sender:
    """What is owed stands in the store; here is only what is on its way."""

    def __init__(self, store: HookStore, egress: Egress, claims: Claims | None = None) -> None:
        self._store, self._egress = store, egress
        self._gates: dict[str, Gate] = {}
        self._busy: Counter[str] = Counter()
        self._claims = claims or Claims(store.renew)

    @property
    def gates(self) -> dict[str, Gate]:
        """Each endpoint's, by `webhook:{id}`: for the metrics."""
        return {f"webhook:{hook}": gate for hook, gate in self._gates.items()}

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._claims.run())
            while True:
                free = AT_ONCE - self._busy.total()
                full = [hook for hook, count in self._busy.items() if count >= AT_ONCE_EACH]
                most = min(free, AT_ONCE_EACH)
                claim = partial(self._store.claim, _now_ms(), most, full)
                rows = await self._claims.take(claim) if free > 0 else []
                for row in rows:
                    self._busy[row["hook"]] += 1
                    group.create_task(self._deal(row))
                if not rows or free <= 0:
                    await asyncio.sleep(LOOK_EVERY_S)

    async def _deal(self, row: Row) -> None:
        try:
            await self._deliver(row)
        except Exception as error:  # the claim runs out, and then it is looked at again
            logger.warning("a delivery could not be dealt with", id=row["_id"], error=repr(error))
        finally:
            self._busy[row["hook"]] -= 1
            self._claims.drop(row)

    async def _deliver(self, row: Row) -> None:
        hook = await self._store.get(row["hook"])
        if hook is None or not hook.is_on:
            await self._store.settle(row, _attempt("the endpoint is switched off or gone"), "dead")
            return
        gate = self._gates.setdefault(hook.id, Gate(f"webhook:{hook.id}", timeout_s=TIMEOUT_S, per_s=PER_S))
        answers: list[Answer] = []
        try:
            async with self._claims.hold(row):
                await gate.ask(lambda: self._post(hook, row, answers))
        except Lost:
            raise
        except CircuitOpen as error:
            await self._store.put_off(row, _now_ms() + round(1000 * max(1.0, error.again_in_s)))
        except Forbidden as error:
            await self._store.settle(row, _attempt(str(error)), "dead")
        except Exception as error:
            await self._failed(row, answers, f"{type(error).__name__}: {error}")
        else:
            attempt = _attempt("", answers)
            await self._claims.note(lambda: self._store.settle(row, attempt, "delivered"))

    async def _failed(self, row: Row, answers: list[Answer], error: str) -> None:
        asked = answers[0].retry_after if answers else None
        asked_s = float(asked) if asked is not None and asked.isdigit() else None
        after_s = again_after_s(row["tries"] + 1, random.random(), asked_s)  # noqa: S311 - jitter
        if after_s is None:
            await self._store.settle(row, _attempt(error, answers), "dead")
        else:
            await self._store.settle(row, _attempt(error, answers), "waiting", _now_ms() + round(1000 * after_s))

    async def _post(self, hook: Hook, row: Row, answers: list[Answer]) -> None:
        body = body_of(row)
        signed = headers(hook.secrets, row["event"], int(time.time()), body)
        answer = await self._egress.post(hook.url, body, signed | {"Content-Type": "application/json"})
        answers.append(answer)
        if not 200 <= answer.status < 300:
            raise ConnectionError(f"answered {answer.status}")


def body_of(row: Row) -> bytes:
    """What is delivered: the event in its envelope."""
    names = {"type": "type", "timestamp": "timestamp", "data": "data", "event": "id", "version": "version"}
    return msgspec.json.encode({shown: row[name] for name, shown in names.items()})


def _attempt(error: str, answers: list[Answer] | None = None) -> dict[str, Any]:
    """How a try went, for whoever looks why."""
    answer = answers[0] if answers else None
    return {
        "at_ms": _now_ms(), "status": answer.status if answer else None, "error": error,
        "said": answer.said if answer else "",
    }


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
