"""Pictures that go with messages: what they are called, how long one waits, which message may have it. Pure.

A picture belongs to whoever sent it up, and to one message for good.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from chat.room import No
from chat.text import clean

Row = dict[str, Any]
MOST_A_MESSAGE, MOST_WAITING = 10, 30
WAITS_FOR = timedelta(hours=24)
LONGEST_NAME, UNNAMED = 120, "picture"
SIZES = {"full": 2048, "small": 480}  # the longest side in pixels
PATH_SIGNS = frozenset('/\\:')


def file_name(name: str) -> str:
    """The name as people may see it, never a path: the last part of one, a line of text, not too long."""
    last = clean(name.replace("\\", "/").rsplit("/", 1)[-1])
    kept = "".join(
        letter for letter in last if letter not in PATH_SIGNS and unicodedata.category(letter) not in ("Cf", "Co", "Cn")
    )
    return " ".join(kept.split()).strip(". ")[:LONGEST_NAME].strip(". ") or UNNAMED


def shown(row: Row) -> Row:
    """An attachment as its message tells it."""
    return {
        "id": row["_id"], "name": row["name"], "type": row["type"], "width": row["width"], "height": row["height"],
        "bytes": row["bytes"],
    }


def claim(ids: Iterable[str], owner: str, message: str, rows: Mapping[str, Row], now: datetime) -> list[Row] | No:
    """The attachments for a message of their owner (`role:sub`); they are marked as its own in `rows`."""
    wanted = list(dict.fromkeys(ids))
    if len(wanted) > MOST_A_MESSAGE:
        return No("too_large", f"A message takes {MOST_A_MESSAGE} attachments.", "attachments")
    for each in wanted:
        row = rows.get(each)
        if row is None or row["owner"] != owner or (row["message"] is None and row["expires_at"] <= now):
            return No("not_found", f"There is no attachment {each} of yours; send the picture up first.", "attachments")
        if row["message"] not in (None, message):
            return No("conflict", f"The attachment {each} went with another message.", "attachments")
    for each in wanted:
        rows[each]["message"] = message
    return [rows[each] for each in wanted]
