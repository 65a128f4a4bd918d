"""What a client knows of a room: a snapshot, changed by every push that follows it."""

from typing import Any

Message = dict[str, Any]
OWN = ("unread", "delivered", "read", "muted", "blocked_by_me", "updated_at", "last", "number")


class Mirror:
    """`take` everything of the room's channel and of `user:{me}`; `shows` is what a screen would show."""

    def __init__(self, me: str, room: str) -> None:
        self.me, self.room_id = me, room
        self.messages: dict[int, Message] = {}
        self.receipts: dict[str, tuple[int, int]] = {}
        self.room: Message = {}
        self.unread = 0

    def begin(self, subscribed: Message) -> None:
        """Start from, or go on with, a `subscribed`."""
        state = subscribed["state"]
        self._room(state["room"])
        self.unread = state["room"]["unread"]
        for item in [*subscribed["items"], *state["receipts"].values()]:
            self.take(item)

    def take(self, push: Message) -> None:
        """One push."""
        match push["type"]:
            case "subscribed":
                if push["channel"] == f"room:{self.room_id}":
                    self.begin(push)
            case "chat.message":
                known = self.messages.get(push["number"])
                if known is None or known["offset"] < push["offset"]:
                    self.messages[push["number"]] = push
            case "chat.receipt":
                delivered, read = self.receipts.get(push["user"], (0, 0))
                self.receipts[push["user"]] = (max(delivered, push["delivered"]), max(read, push["read"]))
            case "chat.room":
                self._room(push["room"])
            case "chat.unread" if push["room"] == self.room_id:
                self.unread = push["unread"]

    def _room(self, room: Message) -> None:
        self.room = {name: value for name, value in room.items() if name not in OWN}

    def shows(self) -> Message:
        """The conversation as it stands."""
        fields = ("message_id", "sender", "text", "edited", "deleted", "reply_to", "client_id")
        return {
            "messages": {
                number: {name: item.get(name) for name in fields} for number, item in sorted(self.messages.items())
            },
            "receipts": self.receipts, "room": self.room, "unread": self.unread,
        }

    def recount(self) -> int:
        """The messages of other people above one's own mark."""
        read = self.receipts.get(self.me, (0, 0))[1]
        return len([
            number for number, item in self.messages.items()
            if number > read and item["sender"] != self.me and item["sender_role"] != "system"
        ])
