"""The hottest public answers in this process, for a second at most, and dead as soon as a change is heard of.

Bounded: when it is full it is emptied. A value that was looked up before a change was heard is not put in after it.
"""

from collections.abc import Sequence

import msgspec

MOST, LIFE_S = 2000, 1.0


class Answer(msgspec.Struct, frozen=True):
    """A public answer as it leaves. `heads`: its headers as bytes, by whether the caller knew it, once made."""

    body: bytes
    etag: bytes
    heads: dict[bool, bytes] = msgspec.field(default_factory=dict)


class Local:
    """`now_s` is a parameter of every call: a clock that never jumps."""

    def __init__(self) -> None:
        self.changes = 0  # heard so far
        self._kept: dict[str, tuple[float, Sequence[str], Answer]] = {}
        self._tagged: dict[str, set[str]] = {}

    def get(self, key: str, now_s: float) -> Answer | None:
        """The answer, if it is young enough."""
        kept = self._kept.get(key)
        return kept[2] if kept is not None and now_s < kept[0] else None

    def put(self, key: str, tags: Sequence[str], answer: Answer, changes_before: int, now_s: float) -> None:
        """Keep it, unless something changed since `changes_before` was read."""
        if changes_before != self.changes:
            return
        if len(self._kept) >= MOST:
            self.clear()
        self._kept[key] = (now_s + LIFE_S, tags, answer)
        for tag in tags:
            self._tagged.setdefault(tag, set()).add(key)

    def drop(self, tags: Sequence[str]) -> None:
        """A change was heard of; `*` is all there is."""
        self.changes += 1
        if "*" in tags:
            self.clear()
        for tag in tags:
            for key in self._tagged.pop(tag, ()):
                self._kept.pop(key, None)

    def clear(self) -> None:
        """A change may have been missed."""
        self.changes += 1
        self._kept.clear()
        self._tagged.clear()
