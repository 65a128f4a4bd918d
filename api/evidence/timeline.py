"""Everything that is known of an order on one clock. Pure: rows in, entries out.

The clock is the server's, but for places: those have the time of the phone's fix, and `received` is not kept for them.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

from tracking.state import KeptPoint

Row = dict[str, Any]
Kind = Literal["status", "fence", "chat", "report", "notification", "place"]
RANK: dict[Kind, int] = {"status": 0, "fence": 1, "place": 2, "chat": 3, "report": 4, "notification": 5}


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened at `at`. `who` did it or is meant; `data` is the record itself."""

    at: datetime
    kind: Kind
    who: str
    text: str
    data: Row


def instant(ts_ms: int) -> datetime:
    """Epoch milliseconds as an instant."""
    return datetime.fromtimestamp(ts_ms / 1000, UTC)


def of_order(items: Iterable[Row]) -> list[Entry]:
    """The order's channel: steps and what fences told."""
    entries = []
    for item in items:
        if item["type"] == "order":
            text = item["status"] + (f": {item['note']}" if item.get("note") else "")
            entries.append(Entry(at=instant(item["ts"]), kind="status", who=_by(item), text=text, data=item))
        elif item["type"] == "geofence":
            text = f"{item['kind']} {item.get('name') or item['fence']}" + (" (told late)" if item.get("late") else "")
            entries.append(Entry(at=instant(item["ts"]), kind="fence", who=item["rider"], text=text, data=item))
    return entries


def of_chat(items: Iterable[Row]) -> list[Entry]:
    """The room's log: each message, and each change of one at the time of the change."""
    entries = []
    for item in items:
        at = instant(item.get("changed") or item["ts"])
        text = "took a message back" if item.get("deleted") else item["text"]
        if item.get("edited"):
            text = f"changed message {item['number']} to: {text}"
        if item.get("attachments"):
            text = f"{text} [{', '.join(each['name'] for each in item['attachments'])}]".strip()
        who = f"{item['sender_role']} {item['sender']}" if item["sender_role"] != "system" else "service"
        entries.append(Entry(at=at, kind="chat", who=who, text=text, data=item))
    return entries


def of_reports(rows: Iterable[Row]) -> list[Entry]:
    """What was reported, with the words as they stood then."""
    return [
        Entry(at=row["at"], kind="report", who=f"{row['by_role']} {row['by']}", text=row["reason"], data=row)
        for row in rows
    ]


def of_notices(rows: Iterable[Row]) -> list[Entry]:
    """What people were told, and what became of it."""
    return [
        Entry(
            at=row["created_at"], kind="notification", who=f"{row['role']} {row['user']}",
            text=f"{row['title']}: {row['body']}", data=row,
        )
        for row in rows
    ]


def of_track(legs: Iterable[tuple[str, Sequence[KeptPoint]]]) -> list[Entry]:
    """Where each rider was while the order was theirs."""
    return [
        Entry(
            at=instant(point.ts), kind="place", who=rider, text=f"{point.lat:.6f}, {point.lng:.6f}",
            data=msgspec.structs.asdict(point),
        )
        for rider, points in legs for point in points
    ]


def on_one_clock(*parts: Iterable[Entry]) -> list[Entry]:
    """All of it in order of time; what is of one instant keeps a fixed order."""
    whole = [entry for part in parts for entry in part]
    return sorted(whole, key=lambda entry: (entry.at, RANK[entry.kind]))


def for_reading(entries: Sequence[Entry]) -> list[Entry]:
    """The same with one place a minute and rider: what a person can read."""
    kept, told = [], set()
    for entry in entries:
        minute = (entry.who, entry.at.replace(second=0, microsecond=0))
        if entry.kind == "place":
            if minute in told:
                continue
            told.add(minute)
        kept.append(entry)
    return kept


def _by(item: Row) -> str:
    return str(item.get("by") or "service")
