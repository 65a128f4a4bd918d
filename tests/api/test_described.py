"""The description and the service agree: whatever is asked, the answer is a described one."""

import asyncio

import pytest

from tests.api.described import OFTEN, PEOPLE, fuzz_of
from tests.api.serving import Service

pytestmark = pytest.mark.long


@pytest.mark.timeout(300)
async def test_every_answer_is_a_described_one(service: Service) -> None:
    """Every operation with invented data, as each role and as nobody: no 5xx, no undescribed status, type or body."""
    fuzz, bearers = await fuzz_of(service)
    found: dict[str, list[str]] = {}  # what is wrong, and who saw it
    for number, name in enumerate(PEOPLE):
        wrong = await asyncio.to_thread(fuzz.run, bearers[name], 2 if name in OFTEN else 1, number)
        for each in wrong:
            found.setdefault(each, []).append(name)
    assert "" == "\n".join(f"{each} ({', '.join(names)})" for each, names in sorted(found.items()))
    assert fuzz.asked > 500
