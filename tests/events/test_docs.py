"""docs/events.md tells what the code does: queues, delays, kinds of events, and its example of an envelope."""

import json
import re
from pathlib import Path

import pytest

from events.event import decode
from events.kinds import KINDS, check
from events.topology import CRASHES_ALLOWED, DELAYS_S, QUEUES

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "events.md").read_text()


@pytest.mark.parametrize("queue", QUEUES, ids=lambda queue: queue.name)
def test_every_queue_stands_in_the_docs_with_its_bindings(queue: object) -> None:
    """The table is the topology."""
    row = f"| `{queue.name}` | {', '.join(f'`{key}`' for key in queue.keys)} | {queue.about} |"  # type: ignore[attr-defined]
    assert row in PAGE


def test_delays_and_attempts_are_those_of_the_code() -> None:
    """In seconds, as written."""
    said = ", ".join(f"{delay:.0f}" for delay in DELAYS_S[:-1]) + f" and {DELAYS_S[-1]:.0f} seconds"
    assert f"after {said}" in PAGE
    assert f"After {len(DELAYS_S) + 1} attempts" in PAGE
    assert f"with it {CRASHES_ALLOWED} times" in PAGE


def test_the_example_is_an_event() -> None:
    """It can be read, and its data have the form of its type."""
    [example] = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    event = decode(json.dumps(json.loads(example)).encode())
    assert event.type in KINDS
    assert event.data == check(event.type, event.data)
