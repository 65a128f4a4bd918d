"""After a day on which everybody did everything, each key in Redis is a documented one and has its end."""

import re
from pathlib import Path

import pytest
import redis.asyncio as aioredis

from tests.api.personal.lives import Lives

pytestmark = pytest.mark.long

PAGE = Path(__file__).resolve().parents[3] / "docs" / "operations.md"
ROW = re.compile(r"^\| (`[^|]+) \| [^|]+ \| ([^|]+) \|$", re.MULTILINE)


def documented() -> dict[str, bool]:
    """Each pattern of the page's table, and whether its keys may stay."""
    table = PAGE.read_text().partition("## Keys in Redis")[2]
    return {
        "^" + re.sub(r"\\\{[^}]*\\\}", ".+", re.escape(name)) + "$": ends.startswith("stays: ")
        for names, ends in ROW.findall(table) for name in re.findall(r"`([^`]+)`", names)
    }


@pytest.mark.timeout(300)
async def test_every_key_is_documented_and_has_an_end_or_a_reason(
    lives: Lives, redis_client: aioredis.Redis, prefix: str
) -> None:
    """None is forgotten."""
    patterns = documented()
    unknown, endless, seen = [], [], set()
    async for key in redis_client.scan_iter(f"{prefix}:*"):
        name = key.decode().removeprefix(f"{prefix}:")
        fitting = [pattern for pattern in patterns if re.match(pattern, name)]
        seen.update(fitting)
        if not fitting:
            unknown.append(name)
        elif await redis_client.ttl(key) == -1 and not any(patterns[each] for each in fitting):
            endless.append(name)
    assert ([], []) == (unknown, endless)
    assert len(seen) > 20
