"""Every Redis key and relay topic of chat, spelled once. All keys are copies of what MongoDB holds, with a lifetime."""

ROOMS = "rooms"  # relay topic: a room's id whose members or openness changed
COPY_LIFE_S = 86_400


def room(prefix: str, room_id: str) -> str:
    """A room as `version:msgpack`, or empty while it is being changed."""
    return f"{prefix}:room:{room_id}"


def marks(prefix: str, room_id: str) -> str:
    """Hash of a room's marks: `m:{user}` to "delivered read own"; see marks.py for its other fields."""
    return f"{prefix}:marks:{room_id}"


def here(prefix: str, person: str) -> str:
    """Sorted set: the connections of `role:sub`, and until when (ms) each counts."""
    return f"{prefix}:here:{person}"


def here_topic(person: str) -> str:
    """Relay topic: `role:sub` came or went; until when they count as here."""
    return f"here:{person}"


def room_topic(room_id: str) -> str:
    """Relay topic: marks, typing and presence in a room."""
    return f"chat:{room_id}"


def user_topic(sub: str) -> str:
    """Relay topic: what changed one person's unread counts."""
    return f"unread:{sub}"
