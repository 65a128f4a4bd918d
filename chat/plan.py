"""What one transaction will write: which entries are new, their numbers and offsets, the rows and items they become.

Nothing here awaits; only the epoch of a room in which nothing was said before is drawn here.
"""

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from chat.attachments import claim, shown
from chat.messages import Change, Say, Stored, changed_item, new_item
from chat.room import No
from chat.unread import Counts

Row = dict[str, Any]


class Head(msgspec.Struct):
    """Where a room's log ends."""

    epoch: str = ""
    offset: int = 0
    number: int = 0
    sent: dict[str, int] = {}
    at: datetime | None = None

    @property
    def counts(self) -> Counts:
        """The counts alone."""
        return Counts(self.number, self.sent)


class Plan:
    """What one transaction will write: offsets, numbers and rows are given out here, in the order of the entries."""

    def __init__(self, heads: dict[str, Head], retention_s: int, files: dict[str, Row] | None = None) -> None:
        self.before = heads
        self.heads = {room: Head(head.epoch, head.offset, head.number, dict(head.sent)) for room, head in heads.items()}
        self.retention_s = retention_s
        self.moved: set[str] = set()
        self.logs: list[Row] = []
        self.inserts: list[Row] = []
        self.updates: list[tuple[str, Row, int]] = []  # message, fields to set, offset to add
        self.voided: list[Row] = []
        self.files = files or {}  # attachments that are asked for
        self.claims: list[Row] = []  # {ids, message, room}: attachments that go with a message from now on
        self.dropped: list[str] = []  # attachments whose message is deleted
        self._said: dict[str, Stored] = {}

    def say(self, say: Say, known: Mapping[str, Row]) -> Stored | No:
        """A message that is new, or where it was stored before, or what is wrong with its attachments."""
        said_id = say.message_id
        before = self._said.get(said_id)
        if before is None and said_id in known:
            row = known[said_id]
            before = Stored(
                room=say.room, message_id=said_id, offset=row["offset"], number=row["number"], at=row["timestamp"]
            )
        if before is not None:
            return msgspec.structs.replace(before, duplicate=True, item={})
        claimed = claim(say.attachments, say.sender.key, said_id, self.files, say.at)
        if isinstance(claimed, No):
            return claimed
        attachments = [shown(row) for row in claimed]
        if attachments:
            ids = [each["id"] for each in attachments]
            self.claims.append({"ids": ids, "message": said_id, "room": say.room} | self._expiry(say.at))
        return self._said_now(say, attachments)

    def _said_now(self, say: Say, attachments: list[Row]) -> Stored:
        head, said_id = self._move(say.room), say.message_id
        head.number += 1
        nth = head.sent[say.sender.key] = head.sent.get(say.sender.key, 0) + 1
        item = new_item(say, Counts(head.number, dict(head.sent)), attachments)
        self._log(say.room, head, item, say.at)
        row = {
            "_id": said_id, "room": say.room, "by": say.sender.key, "sender_id": say.sender.sub,
            "sender_type": say.sender.role, "sender_name": say.sender.name, "client_id": say.client_id,
            "message": say.text, "timestamp": say.at, "number": head.number, "nth": nth, "offset": head.offset,
            "offsets": [head.offset], "reply_to": say.reply_to, "attachments": attachments,
        }
        self.inserts.append(row | self._expiry(say.at))
        stored = Stored(
            room=say.room, message_id=said_id, offset=head.offset, number=head.number, at=say.at, epoch=head.epoch,
            item=item,
        )
        self._said[said_id] = stored
        return stored

    def change(self, change: Change, rows: dict[str, Row]) -> Stored | No:
        """An edit or a deletion of one's own message; deleting twice is done already."""
        row = rows.get(change.message_id)
        if row is None or row["room"] != change.room:
            return No("not_found", "There is no such message in this room.", "message_id")
        if row["by"] != change.sender.key:
            return No("forbidden", "Only one's own messages can be changed.", "message_id")
        is_same = row.get("deleted_at") if change.text is None else row["message"] == change.text
        if is_same:
            return Stored(
                room=change.room, message_id=row["_id"], offset=row["offset"], number=row["number"], at=change.at,
                duplicate=True,
            )
        if row.get("deleted_at"):
            return No("not_found", "The message was deleted.", "message_id")
        head = self._move(change.room)
        voids = row["offsets"] if change.text is None else []
        item = changed_item(row, change, head.counts, voids)
        self._log(change.room, head, item, row["timestamp"])
        if change.text is None:
            self.dropped += [each["id"] for each in row["attachments"]]
        self.voided += [{"channel": f"room:{change.room}", "offset": offset} for offset in voids]
        fields: Row = {"message": change.text or "", "edited_at": change.at}
        if change.text is None:
            fields = {"message": "", "attachments": [], "deleted_at": change.at}
        row |= fields | {"offsets": [*row["offsets"], head.offset]}
        self.updates.append((row["_id"], fields, head.offset))
        return Stored(
            room=change.room, message_id=row["_id"], offset=head.offset, number=row["number"], at=change.at,
            epoch=head.epoch, item=item,
        )

    def head_fields(self, room: str) -> Row:
        """What the head of a room that moved says now."""
        head = self.heads[room]
        return {"offset": head.offset, "number": head.number, "sent": head.sent, "at": self.logs[-1]["at"]}

    def _move(self, room: str) -> Head:
        head = self.heads[room]
        head.epoch = head.epoch or uuid.uuid4().hex[:12]
        head.offset += 1
        self.moved.add(room)
        return head

    def _log(self, room: str, head: Head, item: Row, since: datetime) -> None:
        row = {"_id": {"channel": f"room:{room}", "offset": head.offset}, "item": item, "at": since}
        self.logs.append(row | self._expiry(since))

    def _expiry(self, since: datetime) -> Row:
        return {"expires_at": since + timedelta(seconds=self.retention_s)} if self.retention_s else {}
