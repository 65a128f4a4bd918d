"""Every Redis key of the event streams, each a child of the prefix."""

GROUP = "workers"


def stream(prefix: str, queue: str) -> str:
    """The queue: a stream with the group GROUP. An entry leaves it when it is done with, so its length is the depth."""
    return f"{prefix}:events:queue:{queue}"


def later(prefix: str, queue: str) -> str:
    """Entries that wait for another attempt: a sorted set by due time in milliseconds."""
    return f"{prefix}:events:later:{queue}"


def dead(prefix: str) -> str:
    """The dead letters: a stream."""
    return f"{prefix}:events:dead"


def bindings(prefix: str) -> str:
    """What every queue is bound to: a hash of JSON lists. Publishers read it, those who declare write it."""
    return f"{prefix}:events:bindings"
