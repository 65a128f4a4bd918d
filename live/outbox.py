"""What waits for one socket, and what gives way when its reader is slow.

Answers go first, then log items in order, then the newest of each latest value, then ephemeral news. Latest values
merge per (channel, subject), ephemeral ones are dropped first, and a log over its bound marks the outbox overflowed:
its owner must end the socket. Nothing here awaits, reads a clock or writes to a socket.
"""

from collections import deque
from collections.abc import Callable
from typing import Any

from live.meters import Meters
from live.push import Encoding, Push, encode, join

LOG_BYTES, LOG_ITEMS = 512 * 1024, 1000
ANSWER_BYTES, ANSWERS = 2 * 1024 * 1024, 2000
EPHEMERAL_ITEMS = 32

Waiting = dict[tuple[str, str], Push]


class Held:
    """What arrives on a channel while its `subscribed` answer is still being made."""

    __slots__ = ("latest", "log")

    def __init__(self) -> None:
        self.latest: dict[str, Push] = {}
        self.log: list[tuple[int, Push]] = []


class Pace:
    """How often a channel's latest values may go out."""

    __slots__ = ("due_ms", "interval_ms")

    def __init__(self, max_hz: float) -> None:
        self.interval_ms = 1000.0 / max_hz
        self.due_ms = 0.0


class Outbox:
    """The messages that wait for one socket. `wake` is called once when it turns from empty to not empty.

    `due_ms` is set by `take`: when the next rate-limited value may go out, or None. `owner`: `role:sub`, once known.
    """

    __slots__ = (
        "_answers", "_ephemeral", "_floors", "_held", "_last_words", "_latest", "_log", "_paces", "answer_bytes",
        "awake", "closed", "due_ms", "encoding", "log_bytes", "meters", "overflowed", "owner", "wake",
    )

    def __init__(self, encoding: Encoding, wake: Callable[[], None], meters: Meters) -> None:
        self.encoding = encoding
        self.wake = wake
        self.meters = meters
        self.owner = ""
        self.awake = self.closed = self.overflowed = False
        self.due_ms: float | None = None
        self.answer_bytes = self.log_bytes = 0
        self._last_words: bytes | None = None
        self._answers: deque[bytes] | None = None
        self._log: deque[tuple[str, bytes]] | None = None
        self._latest: Waiting | None = None
        self._ephemeral: Waiting | None = None
        self._held: dict[str, Held] | None = None
        self._floors: dict[str, int] | None = None
        self._paces: dict[str, Pace] | None = None

    def reply(self, message: dict[str, Any], *, later: bool = False) -> None:
        """A message to this socket alone; too many overflow. `later`: it goes with what is written next."""
        if self.closed:
            return
        frame = encode(message, self.encoding)
        if self._answers is None:
            self._answers = deque()
        self._answers.append(frame)
        self.answer_bytes += len(frame)
        if self.answer_bytes > ANSWER_BYTES or len(self._answers) > ANSWERS:
            self._overflow()
        if not later:
            self._stir()

    def latest(self, channel: str, subject: str, push: Push) -> None:
        """The newest value of a subject: replaces the one that waits."""
        if self.closed:
            return
        if self._held is not None and (held := self._held.get(channel)) is not None:
            held.latest[subject] = push
            return
        waiting = self._latest
        if waiting is None:
            waiting = self._latest = {}
        key = (channel, subject)
        if key in waiting:
            self.meters.latest_merged += 1
        waiting[key] = push
        self._stir()

    def log(self, channel: str, offset: int, push: Push) -> None:
        """A log item; one that this socket has already is ignored. Over the bound the outbox is overflowed."""
        if self.closed:
            return
        if self._held is not None and (held := self._held.get(channel)) is not None:
            held.log.append((offset, push))
            if len(held.log) > LOG_ITEMS:
                self._overflow()
            return
        if self._floors is None:
            self._floors = {}
        if offset <= self._floors.get(channel, 0):
            return
        self._floors[channel] = offset
        if self._log is None:
            self._log = deque()
        frame = push.for_(self.owner).on(channel, self.encoding)
        self._log.append((channel, frame))
        self.log_bytes += len(frame)
        if self.log_bytes > LOG_BYTES or len(self._log) > LOG_ITEMS:
            self._overflow()
        self._stir()

    def ephemeral(self, channel: str, subject: str, push: Push) -> None:
        """News that nobody misses: replaces its elder, and is dropped when too much waits."""
        if self.closed or (self._held is not None and channel in self._held):
            return
        waiting = self._ephemeral
        if waiting is None:
            waiting = self._ephemeral = {}
        key = (channel, subject)
        if key not in waiting and len(waiting) >= EPHEMERAL_ITEMS:
            self.meters.ephemeral_dropped += 1
            return
        waiting[key] = push
        self._stir()

    def hold(self, channel: str) -> None:
        """Keep a channel's pushes back until `release`, so that none goes out before its `subscribed`."""
        if self._held is None:
            self._held = {}
        self._held.setdefault(channel, Held())

    def release(self, channel: str, offset: int | None = None) -> None:
        """Let a held channel go on. `offset`: the last log item its `subscribed` carried; older ones are dropped."""
        held = self._held.pop(channel, None) if self._held else None
        if not self._held:
            self._held = None
        if offset is not None:
            if self._floors is None:
                self._floors = {}
            self._floors[channel] = offset
        if held is None:
            return
        for item_offset, push in held.log:
            self.log(channel, item_offset, push)
        for subject, push in held.latest.items():
            self.latest(channel, subject, push)

    def set_rate(self, channel: str, max_hz: float | None) -> None:
        """Send a channel's latest values at most `max_hz` times a second; None: as they come."""
        if max_hz is not None:
            if self._paces is None:
                self._paces = {}
            self._paces[channel] = Pace(max_hz)
        elif self._paces is not None:
            self._paces.pop(channel, None)

    def forget(self, channel: str) -> None:
        """Drop all that waits on a channel that was left."""
        self.forget_latest(channel)
        if self._log:
            kept = deque(item for item in self._log if item[0] != channel)
            self.log_bytes = sum(len(frame) for _, frame in kept)
            self._log = kept
        for table in (self._held, self._floors, self._paces):
            if table:
                table.pop(channel, None)

    def forget_latest(self, channel: str) -> None:
        """Drop the values that wait on a channel whose viewer may no longer see them."""
        for waiting in (self._latest, self._ephemeral):
            if waiting:
                for key in [key for key in waiting if key[0] == channel]:
                    del waiting[key]

    def close(self, last_words: dict[str, Any], *, drop: bool = False) -> None:
        """Take nothing more in; `last_words` go out after what waits, or instead of it when `drop`."""
        if self.closed:
            return
        self._last_words = encode(last_words, self.encoding)
        self.closed = True
        self._latest = self._ephemeral = self._held = None
        if drop:
            self._answers = self._log = None
        self._stir()

    def take(self, now_ms: float, budget_bytes: int) -> bytes | None:
        """The next frame, about `budget_bytes` long, or None when nothing may go. `awake`: another may give more."""
        frames: list[bytes] = []
        left = budget_bytes
        if self._answers:
            left = self._take_answers(frames, left)
        if self._log and left > 0:
            left = self._take_log(frames, left)
        self.due_ms = None
        if self._latest and left > 0:
            left = self._take_latest(frames, left, now_ms)
        if self._ephemeral and left > 0:
            frames.extend(push.on(channel, self.encoding) for (channel, _), push in self._ephemeral.items())
            self._ephemeral = None
        if self._last_words is not None and left > 0:
            frames.append(self._last_words)
            self._last_words = None
        if not frames:
            self.awake = False
            return None
        self.awake = bool(self._answers or self._log or self._latest or self._ephemeral or self._last_words)
        self.meters.messages_out += len(frames)
        return frames[0] if len(frames) == 1 else join(frames, self.encoding)

    def _stir(self) -> None:
        if not self.awake:
            self.awake = True
            self.wake()

    def _overflow(self) -> None:
        """Say so once, even to a writer that stands still and would not look."""
        if not self.overflowed:
            self.overflowed = True
            self.meters.log_overflows += 1
            self.wake()

    def _take_answers(self, frames: list[bytes], left: int) -> int:
        answers = self._answers
        while answers and left > 0:
            frame = answers.popleft()
            frames.append(frame)
            left -= len(frame)
            self.answer_bytes -= len(frame)
        if not answers:
            self._answers = None
        return left

    def _take_log(self, frames: list[bytes], left: int) -> int:
        items = self._log
        while items and left > 0:
            _, frame = items.popleft()
            frames.append(frame)
            left -= len(frame)
            self.log_bytes -= len(frame)
        if not items:
            self._log = None
        return left

    def _take_latest(self, frames: list[bytes], left: int, now_ms: float) -> int:
        waiting = self._latest
        assert waiting is not None  # noqa: S101 - the caller looked
        ready = list(waiting) if self._paces is None else self._in_pace(waiting, now_ms)
        delay = self.meters.delay_ms
        for taken, key in enumerate(ready, 1):
            push = waiting.pop(key)
            frame = push.on(key[0], self.encoding)
            frames.append(frame)
            if push.born_ms is not None:
                delay.observe(now_ms - push.born_ms)
            left -= len(frame)
            if left <= 0:
                self._unpace(ready[taken:])
                break
        if not waiting:
            self._latest = None
        return left

    def _unpace(self, not_taken: list[tuple[str, str]]) -> None:
        """What a full frame left behind may go in the next one, whatever its channel's pace."""
        paces = self._paces or {}
        for channel, _ in not_taken:
            if (pace := paces.get(channel)) is not None:
                pace.due_ms = 0.0

    def _in_pace(self, waiting: Waiting, now_ms: float) -> list[tuple[str, str]]:
        """Which values may go now; a channel that may goes as a whole and then rests for its interval."""
        assert self._paces is not None  # noqa: S101 - the caller looked
        ready: list[tuple[str, str]] = []
        open_channels: dict[str, bool] = {}
        for key in waiting:
            pace = self._paces.get(key[0])
            if pace is None:
                ready.append(key)
                continue
            if key[0] not in open_channels:
                due_ms = min(pace.due_ms, now_ms + pace.interval_ms)  # a clock set back must not silence the channel
                open_channels[key[0]] = due_ms <= now_ms
                if due_ms <= now_ms:
                    pace.due_ms = now_ms + pace.interval_ms
                else:
                    self.due_ms = due_ms if self.due_ms is None else min(self.due_ms, due_ms)
            if open_channels[key[0]]:
                ready.append(key)
        return ready
