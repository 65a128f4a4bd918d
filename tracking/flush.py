"""One flush as lua/advance.lua is told it: the riders' new states, the points, the places, the news. Bytes, no waiting.

A rider is stored as a version and the state behind it. A version begins with when it was written, so that riders who
are gone for long are found without reading their states, and a rider never has the same one twice.
"""

from collections.abc import Sequence

import msgspec

from tracking import keys
from tracking.keys import Arg
from tracking.messages import Fix
from tracking.state import KeptRider, RiderState

GEO_LAT = 85.05112878  # Redis' map ends here
TIME_DIGITS, VERSION_BYTES = 11, 31

_encode = msgspec.msgpack.Encoder().encode
_decode_state = msgspec.msgpack.Decoder(RiderState).decode


class Held(msgspec.Struct):
    """A rider's state as last seen in Redis, with the version it had there (empty: not there at all).

    `heard_ms`: when this process last entered the rider among those heard of.
    """

    state: RiderState
    version: bytes = b""
    heard_ms: int = 0


class Move(msgspec.Struct):
    """What one flush changes for one rider, encoded. `fix`: "now" moved; `bucket`: it can be searched there."""

    rider: str
    held: Held
    stored: bytes
    kept: bytes
    fix: Fix | None
    bucket: str
    is_heard: bool


class Advanced(msgspec.Struct):
    """Redis' answer to a flush. `watched_until` per move: ms, or None when another process had changed the rider."""

    full: bool
    last_id: str
    watched_until: list[int | None]


class Writer:
    """Makes moves for one process, whose `origin` stands in every version. `heard_every_ms`: see `Held`."""

    def __init__(self, prefix: str, origin: str, heard_every_ms: int) -> None:
        self._prefix, self._origin, self._heard_every_ms = prefix, origin, heard_every_ms
        self._count = 0
        self._version = b""
        self._span, self._bucket = -1, ""

    def begin(self, now_ms: int) -> None:
        """A new flush: its moves share a version."""
        self._count += 1
        self._version = f"{now_ms:011x}{self._origin}{self._count & 0xFFFFFFFF:08x}".encode()

    def move(self, rider: str, held: Held, kept: KeptRider | None, fix: Fix | None, now_ms: int) -> Move:
        """The change from `held.version` to `held.state`; `kept` goes to the durable stream, `fix` to the watchers."""
        bucket = ""
        if fix is not None and -GEO_LAT <= fix.lat <= GEO_LAT and fix.ts > now_ms - 1000 * keys.BUCKET_TTL_S:
            bucket = self._bucket_at(fix.ts)
        is_heard = now_ms - held.heard_ms >= self._heard_every_ms
        if is_heard:
            held.heard_ms = now_ms
        stored = _encode(kept) if kept is not None else b""
        return Move(rider, held, self._version + _encode(held.state), stored, fix, bucket, is_heard)

    def _bucket_at(self, ts_ms: int) -> str:
        """The position bucket's key; nearly all fixes of a flush fall into the same."""
        span = ts_ms // keys.BUCKET_MS
        if span != self._span:
            self._span, self._bucket = span, keys.bucket(self._prefix, ts_ms)
        return self._bucket


def read(blob: bytes | None) -> Held:
    """A rider as Redis has them; one it does not know is empty at version ""."""
    return Held(_decode_state(blob[VERSION_BYTES:]), blob[:VERSION_BYTES]) if blob else Held(RiderState())


def points_of(moves: Sequence[Move]) -> bytes:
    """The stream entry: a msgpack array whose elements are encoded already; empty when nothing is to be stored."""
    stored = [move.kept for move in moves if move.kept]
    return b"".join((b"\xdd", len(stored).to_bytes(4, "big"), *stored)) if stored else b""


def states_of(moves: Sequence[Move]) -> list[Arg]:
    """Three arguments a rider: id, version expected, new version with its state."""
    args: list[Arg] = []
    for move in moves:
        args += (move.rider, move.held.version, move.stored)
    return args


def heard_of(moves: Sequence[Move], now_ms: int) -> list[Arg]:
    """How many riders are entered among those heard of, and two arguments for each."""
    args: list[Arg] = [0]
    for move in moves:
        if move.is_heard:
            args += (now_ms, move.rider)
    args[0] = len(args) // 2
    return args


def places_of(moves: Sequence[Move]) -> list[Arg]:
    """How many position buckets change, and for each: its key, how many arguments follow, lng, lat, rider."""
    places: dict[str, list[Arg]] = {}
    for move in moves:
        if move.fix is not None and move.bucket:
            places.setdefault(move.bucket, []).extend((move.fix.lng, move.fix.lat, move.rider))
    args: list[Arg] = [len(places)]
    for bucket, place in places.items():
        args += (bucket, len(place), *place)
    return args


def news_of(moves: Sequence[Move], prefix: str, origin: str) -> list[Arg]:
    """What other processes are told: channel and fixes, a pair for each partition."""
    news: dict[int, list[Fix]] = {}
    for move in moves:
        if move.fix is not None:
            news.setdefault(keys.partition(move.rider), []).append(move.fix)
    args: list[Arg] = []
    for partition, fixes in news.items():
        args += (f"{prefix}:{keys.positions_topic(partition)}", _encode((origin, fixes)))
    return args
