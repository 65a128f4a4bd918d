"""What a process remembers of a channel: whole from one offset on, and without what was taken back."""

from collections import deque
from typing import Any

from live.memory import FIRST_ITEMS, REMEMBERED_ITEMS, Watched
from live.recent import Window


def said(offset: int, **more: Any) -> dict[str, Any]:
    return {"type": "chat.message", "offset": offset, "text": f"text {offset}"} | more


def watched(last: int, since: int = 1) -> Watched:
    """A channel whose items `since` … `last` came while it was watched."""
    at = Watched(lambda: None)
    at.begin(Window("e1", since, since - 1, []))
    for offset in range(since, last + 1):
        at.last = offset
        at.remember(said(offset))
    return at


def offsets(at: Watched, after: int | None) -> list[int] | None:
    """Which items a newcomer, or somebody who knows up to `after`, gets from memory."""
    end = at.end(after)
    return None if end is None else [item["offset"] for item in end.items]


def test_a_newcomer_gets_the_newest_fifty_or_memory_says_that_it_has_less() -> None:
    """Never a shorter list than the log would give; the database is asked instead."""
    assert list(range(1, 31)) == offsets(watched(30), None)
    assert list(range(31, 31 + FIRST_ITEMS)) == offsets(watched(30 + FIRST_ITEMS), None)
    assert None is offsets(watched(100, since=90), None)
    assert [99, 100] == offsets(watched(100, since=90), 98)
    assert [] == offsets(watched(100, since=90), 100)


def test_memory_is_bounded() -> None:
    """More than REMEMBERED_ITEMS are not kept, and what is gone is asked of somebody else."""
    at = watched(REMEMBERED_ITEMS + 5)
    assert (REMEMBERED_ITEMS, None) == (len(at.recent), offsets(at, 4))
    assert REMEMBERED_ITEMS == len(offsets(at, 5) or [])


def test_what_is_taken_back_keeps_its_place_without_its_content() -> None:
    """All texts that a message ever had go blank, its pictures too; everything else stays as it is."""
    at = watched(4)
    assert isinstance(at.recent, deque)
    at.recent[1] |= {"attachments": [{"id": "a1"}]}
    at.last = 5
    at.remember(said(5, text="", deleted=True, inside={"voids": [2, 4]}))
    end = at.end(None)
    assert end is not None
    assert ["text 1", "", "text 3", "", ""] == [item["text"] for item in end.items]
    assert [2, 4, 5] == [item["offset"] for item in end.items if item.get("deleted")]
    assert "a1" not in str(end.items)
