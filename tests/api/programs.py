"""A child process of the project: started, read, ended, killed."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

from tests.ending import over
from tests.waiting import SCALE

ROOT = Path(__file__).resolve().parents[2]


async def printed_by(child: asyncio.subprocess.Process, given: bytes | None = None, within_s: float = 60) -> str:
    """What it prints until it ends, once given this. Raises TimeoutError, and kills it, when that takes too long."""
    try:
        async with asyncio.timeout(within_s * SCALE):
            printed, _ = await child.communicate(given)
    finally:
        if child.returncode is None:
            child.kill()
            await over(child.wait())
    return printed.decode()


class Program:
    """A child process of the project, with what it wrote."""

    def __init__(self, log: Path, env: dict[str, str], *words: str) -> None:
        self.log = log
        with log.open("wb") as out:
            self.child = subprocess.Popen(
                [sys.executable, "-m", *words], env={**os.environ, **env}, cwd=ROOT, stdout=out, stderr=out
            )

    async def ended(self, within_s: float = 30) -> int:
        return await asyncio.wait_for(asyncio.to_thread(self.child.wait), within_s)

    def said(self) -> str:
        return self.log.read_text()

    def kill(self) -> None:
        if self.child.poll() is None:
            self.child.kill()
            self.child.wait(30)
