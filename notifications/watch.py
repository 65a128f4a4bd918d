"""What the people connected to this process are told besides their log: how much is unread, and what was cleared."""

from collections.abc import Callable, Sequence

import msgspec

from live.hub import Hub
from live.push import Push
from live.relay import Relay
from notifications import keys
from notifications.store import Tally

SUBJECT = "notification.state"


class Word(msgspec.Struct, array_like=True):
    """What travels between processes about one person. Open to more fields behind these."""

    origin: str
    rev: int
    by_kind: dict[str, int]
    cleared: list[str] = []


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Word).decode
Leave = Callable[[], None]


class NoticeWatch:
    """Counts who is connected here, listens to the other processes for them, and pushes to the hub."""

    def __init__(self, hub: Hub, relay: Relay) -> None:
        self._hub, self._relay = hub, relay
        self._here: dict[str, tuple[int, Leave]] = {}

    def open_person(self, sub: str) -> Leave:
        """One more socket of this person here; returns what ends it."""
        count, stop = self._here.get(sub) or (0, self._relay.subscribe(
            keys.person_topic(sub), lambda payload: self._hear(sub, payload)
        ))
        self._here[sub] = (count + 1, stop)

        def leave() -> None:
            count, stop = self._here[sub]
            if count > 1:
                self._here[sub] = (count - 1, stop)
            else:
                del self._here[sub]
                stop()

        return leave

    def seen(self, sub: str, tally: Tally) -> None:
        """A socket of this person was just shown this tally: nothing older shall follow."""
        self._hub.seen(f"user:{sub}", SUBJECT, tally.rev)

    async def changed(self, sub: str, tally: Tally, cleared: Sequence[str] = ()) -> None:
        """A tally is another than before; `cleared` were read or dismissed on one of the person's devices."""
        self._push(sub, tally, cleared)
        word = Word(self._relay.origin, tally.rev, tally.by_kind, list(cleared))
        await self._relay.publish(keys.person_topic(sub), _encode(word))

    def _hear(self, sub: str, payload: bytes) -> None:
        word = _decode(payload)
        if word.origin != self._relay.origin:
            self._push(sub, Tally(word.rev, word.by_kind), word.cleared)

    def _push(self, sub: str, tally: Tally, cleared: Sequence[str]) -> None:
        channel = f"user:{sub}"
        if cleared:
            push = Push({"type": "notification.cleared", "ids": list(cleared)})
            self._hub.ephemeral(channel, f"cleared:{tally.rev}", push)
        self._hub.latest(channel, SUBJECT, tally.rev, Push(told(tally)))


def told(tally: Tally) -> dict[str, object]:
    """The `notification.state` message."""
    return {"type": SUBJECT, "unread": tally.unread, "by_kind": tally.by_kind}
