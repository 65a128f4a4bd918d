"""Every Redis key and relay topic of tracking, spelled once. `prefix` keeps deployments and tests apart.

Nothing grows for ever: riders are forgotten ten days after their last report (forgetting.py), position buckets expire
after 20 minutes and expected routes after a day, the list of heard riders is emptied by the silent sweep, and the
stream and its counter are as large as what is not yet in MongoDB.
"""

from zlib import crc32

Arg = str | bytes | int | float  # what Redis takes as an argument

PARTITIONS = 4  # a message costs a listener 20 us, a fix in it 1: few messages with many fixes
BUCKET_MS = 300_000
BUCKET_TTL_S = 1200
STATE_LIFE_S = 10 * 86_400  # longer than the oldest point we take, so a duplicate is known by its seq

MOST_HELD_BYTES = 64 * 2**20  # stored points wait no longer for fences when so much waits: ingest has precedence

PERSISTED = "persisted"  # relay topic: the first stream id that is not in MongoDB yet


def riders(prefix: str) -> str:
    """Hash of all riders: rider id -> version and state. One hash, so that a flush reads and writes all at once."""
    return f"{prefix}:riders"


def watched(prefix: str) -> str:
    """Hash of the riders somebody looks at: rider id -> until when (ms)."""
    return f"{prefix}:watched"


def online(prefix: str, rider_id: str) -> str:
    """Sorted set of one rider's connections, scored by the time each is believed until."""
    return f"{prefix}:online:{rider_id}"


def bucket(prefix: str, ts_ms: int) -> str:
    """GEO set of the riders whose newest fix fell into the same 300 s."""
    return f"{prefix}:geo:{ts_ms // BUCKET_MS}"


def heard(prefix: str) -> str:
    """Sorted set of riders by the time of their last report."""
    return f"{prefix}:heard"


def serving(prefix: str) -> str:
    """Sorted set of the origins of serving processes, scored by the time each is believed until."""
    return f"{prefix}:serving"


def stream(prefix: str) -> str:
    """The durable stream of stored points, one entry a flush."""
    return f"{prefix}:points"


def backlog(prefix: str) -> str:
    """Bytes that wait in the stream."""
    return f"{prefix}:points:bytes"


def fence_states(prefix: str) -> str:
    """Hash of what the fence engine knows: rider id -> state."""
    return f"{prefix}:fences"


def expected_route(prefix: str, errand: str) -> str:
    """The line a rider was expected to take on an errand, so that the next worker judges by the same."""
    return f"{prefix}:route:{errand}"


def fence_lease(prefix: str) -> str:
    """Which worker watches fences; it expires when that worker dies."""
    return f"{prefix}:fences~lease"


def positions_topic(partition: int) -> str:
    """Relay topic that carries [origin, [Fix, ...]] as msgpack for the riders of one partition."""
    return f"pos.{partition}"


def partition(rider_id: str) -> int:
    """Which of the PARTITIONS a rider's fixes travel on; the same in every process."""
    return crc32(rider_id.encode()) % PARTITIONS
