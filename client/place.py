"""Where we stand in one channel's log: what is new, what is double, what is missing. Nothing here awaits."""

from collections.abc import Callable
from typing import Literal

from client.wire import Message

Verdict = Literal["new", "double", "hole"]


class Place:
    """The epoch and the last offset of one subscription, kept over reconnects."""

    def __init__(self, epoch: str | None = None, offset: int = 0) -> None:
        self.epoch, self.offset = epoch, offset

    def recover(self) -> Message | None:
        """What `subscribe` says of where we stand; None when we were never in."""
        return None if self.epoch is None else {"epoch": self.epoch, "offset": self.offset}

    def judge(self, push: Message) -> Verdict:
        """A push's standing. It moves nothing: call `advance` once the push is safely handed on."""
        offset = push.get("offset")
        if offset is None or offset == self.offset + 1:
            return "new"
        return "double" if offset <= self.offset else "hole"

    def advance(self, push: Message) -> None:
        """Stand behind this push: a log item, or the end of a `gap`."""
        self.offset = max(self.offset, int(push["to"] if push["type"] == "gap" else push.get("offset", 0)))

    def join(self, subscribed: Message) -> list[Message]:
        """Take a `subscribed` answer; the log items we have not seen, led by a `gap` when some in between are lost."""
        channel, epoch = subscribed["channel"], subscribed.get("epoch")
        was_in, same = self.epoch is not None, epoch == self.epoch
        self.epoch, self.offset = epoch, self.offset if same else 0
        seen, last = self.offset, subscribed.get("offset", 0)
        items = [{"channel": channel, **item} for item in subscribed.get("items", ()) if item["offset"] > seen]
        first = items[0]["offset"] if items else last + 1
        if was_in and first > seen + 1:
            return [{"type": "gap", "channel": channel, "from": seen + 1, "to": first - 1}, *items]
        return items


class Subscription:
    """One channel as the application wants it, with our place in its log; its pushes go to `handler`."""

    def __init__(
        self, channel: str, max_rate_hz: float | None, handler: Callable[[Message], None], place: Place
    ) -> None:
        self.channel, self.max_rate_hz, self.handler, self.place = channel, max_rate_hz, handler, place

    def request(self) -> Message:
        """The `subscribe` to send now."""
        message: Message = {"type": "subscribe", "channel": self.channel}
        if (recover := self.place.recover()) is not None:
            message["recover"] = recover
        if self.max_rate_hz is not None:
            message["max_rate_hz"] = self.max_rate_hz
        return message
