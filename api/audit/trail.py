"""Notes for the audit log, taken without waiting and written in batches. Each is also a line of the service's own log.

Beyond MOST_WAITING notes (MongoDB is away and somebody is busy) new ones stand in the log alone, and how many is noted.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import Literal

import structlog

from api.accounts.account import Device
from api.audit.store import AuditStore, Entry
from infra.clients import UNREACHABLE

log = structlog.get_logger("audit")
MOST_WAITING, BATCH = 10_000, 500
AGAIN_S = 1.0

Event = Literal[
    "registered", "register_taken", "signed_in", "sign_in_failed", "signed_out", "refresh_reused", "sessions_ended",
    "code_sent", "code_failed", "email_verified", "email_changed", "password_changed", "password_reset",
    "account_changed", "erased", "exported", "denied", "limited", "csrf_refused", "signature_refused", "notes_lost",
]


class Trail:
    """`now` is the clock, UTC."""

    def __init__(self, store: AuditStore, now: Callable[[], datetime]) -> None:
        self.store, self.now = store, now
        self._waiting: deque[Entry] = deque()
        self._lost = 0
        self._awake = asyncio.Event()
        self._turn = asyncio.Lock()

    def note(self, event: Event, sub: str = "", device: Device | None = None, **details: str | int) -> None:
        """Something happened to or by `sub`, from this device."""
        device = device or Device()
        log.info(event, sub=sub, address=device.address, program=device.program, **details)
        if len(self._waiting) >= MOST_WAITING:
            self._lost += 1
            return
        self._waiting.append({
            "at": self.now(), "event": event, "sub": sub, "address": device.address, "program": device.program,
            "details": details,
        })
        self._awake.set()

    async def run(self) -> None:
        """Write what was noted, for as long as the process lives."""
        while True:
            await self._awake.wait()
            self._awake.clear()
            while self._waiting:
                try:
                    await self.flush()
                except UNREACHABLE as error:
                    log.warning("audit notes wait", waiting=len(self._waiting), error=type(error).__name__)
                    await asyncio.sleep(AGAIN_S)

    async def flush(self) -> None:
        """Write all that waits; raises what MongoDB's client raises, and then nothing is lost."""
        async with self._turn:
            while self._waiting:
                batch = [self._waiting[place] for place in range(min(BATCH, len(self._waiting)))]
                await self.store.add(batch)
                for _ in batch:
                    self._waiting.popleft()
                if self._lost:
                    lost, self._lost = self._lost, 0
                    self.note("notes_lost", count=lost)
