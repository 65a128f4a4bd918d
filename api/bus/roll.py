"""The roll of workers: each writes every few seconds what it has in hand, so that others can count it.

Redis: the hash `{prefix}:events:workers`, one field a worker; one that has not been renewed for GONE_S is not counted.
"""

import time
from typing import Any

import msgspec

EVERY_S, GONE_S, FORGOTTEN_S = 5.0, 15.0, 3600.0


class Worker(msgspec.Struct, frozen=True):
    """One worker, by what it counted since it began."""

    at: float
    in_hand: dict[str, int]
    taken: dict[str, int]
    failed: dict[str, int]
    published: int
    unroutable: int


class Roll:
    """Reads and writes the roll. Errors of Redis pass through."""

    def __init__(self, redis: Any, prefix: str) -> None:
        self.redis, self.key = redis, f"{prefix}:events:workers"

    async def sign(self, name: str, worker: Worker) -> None:
        """I am here."""
        await self.redis.hset(self.key, name, msgspec.json.encode(worker))

    async def resign(self, name: str) -> None:
        """I go."""
        await self.redis.hdel(self.key, name)

    async def call(self) -> list[Worker]:
        """Those who are here. Those who have long been gone are struck off."""
        now_s, here, gone = time.time(), [], []
        for name, entry in (await self.redis.hgetall(self.key)).items():
            worker = msgspec.json.decode(entry, type=Worker)
            if now_s - worker.at < GONE_S:
                here.append(worker)
            elif now_s - worker.at > FORGOTTEN_S:
                gone.append(name)
        if gone:
            await self.redis.hdel(self.key, *gone)
        return here
