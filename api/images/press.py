"""Pictures through child processes: few at once, a short line before them, each with a time-out that is kept.

A decoder that was tricked or hangs takes nothing with it: its process has no secrets in its environment, is killed
when its time is up, and the answer is a refusal.
"""

import asyncio
import os
import sys
from contextlib import suppress
from pathlib import Path

import msgspec
import structlog

from api.errors import Refused
from api.images.rules import LIMITS, Limits, Order, Outcome, Pressed, Wanted, broken, check_bytes, too_costly

AT_ONCE, MOST_WAITING = 2, 20
ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "TMPDIR")
BUSY = Refused("unavailable", "Many pictures are being read just now; send it again.", "file", after_ms=3000)
logger = structlog.get_logger(__name__)


class Press:
    """`await press(data, wanted)`: the wanted sizes in the order they were wanted, or a refusal."""

    def __init__(self, limits: Limits = LIMITS) -> None:
        self.limits = limits
        self._places = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0

    async def __call__(
        self, data: bytes, wanted: tuple[Wanted, ...], *, field: str = "file", mark: str = "",
        marked: tuple[str, ...] = (),
    ) -> Pressed:
        """Never raises for anything a stranger may send. `mark` is written across the sizes named in `marked`."""
        refused = check_bytes(len(data), self.limits, field)
        if refused is None and self._waiting >= MOST_WAITING:
            refused = BUSY
        if refused is not None:
            return refused
        self._waiting += 1
        try:
            async with self._places:
                return await self._in_a_child(Order(data, wanted, self.limits, field, mark, marked))
        finally:
            self._waiting -= 1

    async def _in_a_child(self, order: Order) -> Pressed:
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "api.images.child", cwd=ROOT,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
            env={name: os.environ[name] for name in ENVIRONMENT if name in os.environ},
        )
        try:
            async with asyncio.timeout(self.limits.within_s):
                told, _ = await child.communicate(msgspec.msgpack.encode(order))
        except TimeoutError:
            return BUSY
        finally:
            if child.returncode is None:
                with suppress(ProcessLookupError):
                    child.kill()
                await child.wait()
        if child.returncode:
            logger.warning("a picture ended its process", code=child.returncode, bytes=len(order.data))
            return too_costly(order.field) if child.returncode < 0 else broken(order.field)
        outcome = msgspec.msgpack.decode(told, type=Outcome)
        return outcome.refused or outcome.pictures
