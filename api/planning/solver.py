"""VROOM, asked in a process of its own: whatever it does, no socket waits and nothing here can crash with it.

The process is `search.py`, VROOM's own program: JSON in, JSON out. It is given SOLVE_S to search, and killed when it
has said nothing KILL_AFTER_S later. One search at a time, a short queue, and then a clear refusal.
"""

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE
from typing import Any

import msgspec

from api.errors import Refused
from api.planning import search

SOLVE_S = 2
KILL_AFTER_S = 8.0
THREADS = 2
MOST_WAITING = 8
BUSY_MS = 3000


class SolverBroken(Exception):
    """VROOM answered with something that is no answer; the message has its words."""


class Solver:
    """Searches one after the other."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._waiting = 0

    async def solve(self, document: dict[str, Any]) -> dict[str, Any] | Refused:
        """VROOM's answer. Refused when too many wait, or no `vroom` is here; raises SolverBroken for a bug."""
        if search.compiled() is None:
            return Refused("unavailable", "No route solver is installed here: pip install 'ridewire[city]'.")
        if self._waiting >= MOST_WAITING:
            return Refused("rate_limited", "Too many plans are being made; come back.", after_ms=BUSY_MS)
        self._waiting += 1
        try:
            async with self._turn:
                return await self._run(msgspec.json.encode(document))
        finally:
            self._waiting -= 1

    async def _run(self, question: bytes) -> dict[str, Any] | Refused:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-I", search.__file__, "--limit", str(SOLVE_S), "--threads", str(THREADS),
            stdin=PIPE, stdout=PIPE, stderr=DEVNULL,
        )
        try:
            async with asyncio.timeout(SOLVE_S + KILL_AFTER_S):
                said, _ = await process.communicate(question)
        except TimeoutError:
            return Refused("unavailable", "The plan was not ready in time.", after_ms=BUSY_MS)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        try:
            answer: dict[str, Any] = msgspec.json.decode(said, type=dict)
        except msgspec.DecodeError as error:
            raise SolverBroken(f"vroom ended with {process.returncode}: {said[:200]!r}") from error
        if answer.get("code") != 0:
            raise SolverBroken(f"vroom refused our question: {answer.get('error')}")
        return answer
