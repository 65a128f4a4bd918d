"""Every way a socket ends: close code, what it says, and when the client may come back. 4000-4499 come back."""

import enum
from typing import Any

COME_BACK_BELOW = 4500
LONGEST_REASON_BYTES = 123


class Close(enum.IntEnum):
    """Close codes that this server sends."""

    NORMAL = 1000
    PROTOCOL = 1002
    WRONG_KIND = 1003
    BAD_UTF8 = 1007
    TOO_BIG = 1009
    SHUTDOWN = 4001
    SLOW_READER = 4003
    CONTINUITY_LOST = 4004
    NO_PONG = 4005
    SERVER_ERROR = 4006
    TOO_MANY = 4008
    RATE_LIMIT = 4029
    EXPIRED = 4401
    NO_AUTH = 4408
    BAD_TOKEN = 4500
    REVOKED = 4501
    PROTOCOL_ERROR = 4503
    REPLACED = 4509


# code: (reason, after_ms [min, max]); the reason is what a developer reads in the browser's console.
ENDINGS: dict[int, tuple[str, tuple[int, int]]] = {
    Close.NORMAL: ("bye", (0, 0)),
    Close.PROTOCOL: ("the frame breaks RFC 6455", (0, 0)),
    Close.WRONG_KIND: ("this subprotocol uses the other kind of frame", (0, 0)),
    Close.BAD_UTF8: ("the text is not UTF-8", (0, 0)),
    Close.TOO_BIG: ("the message is longer than the limit", (0, 0)),
    Close.SHUTDOWN: ("the server restarts", (500, 10_000)),
    Close.SLOW_READER: ("the reader is too slow; recover", (500, 5_000)),
    Close.CONTINUITY_LOST: ("continuity was lost; recover", (0, 5_000)),
    Close.NO_PONG: ("no answer to the ping", (0, 2_000)),
    Close.SERVER_ERROR: ("the server made an error", (1_000, 10_000)),
    Close.TOO_MANY: ("too many connections", (5_000, 30_000)),
    Close.RATE_LIMIT: ("too many messages", (5_000, 30_000)),
    Close.EXPIRED: ("the token expired; renew it first", (0, 1_000)),
    Close.NO_AUTH: ("the first message must be auth, within 5 s", (0, 5_000)),
    Close.BAD_TOKEN: ("the token is not valid", (0, 0)),
    Close.REVOKED: ("the session was revoked", (0, 0)),
    Close.PROTOCOL_ERROR: ("the message breaks the protocol", (0, 0)),
    Close.REPLACED: ("a newer connection of this user took its place", (0, 0)),
}

# Why a token was refused → how the socket ends. What is not listed is a bad token.
REFUSALS: dict[str, Close] = {
    "token_expired": Close.EXPIRED,
    "revoked": Close.REVOKED,
    "banned": Close.REVOKED,
    "unavailable": Close.SERVER_ERROR,
}


def bye(code: int, reason: str = "") -> dict[str, Any]:
    """The message that goes before the close frame with the same code."""
    said, after_ms = ENDINGS.get(code, ("closed by the server", (500, 10_000)))
    return {
        "type": "bye",
        "code": int(code),
        "reason": reason or said,
        "retry": 4000 <= code < COME_BACK_BELOW,
        "after_ms": list(after_ms),
    }


def cut(reason: str) -> str:
    """A reason short enough for a close frame."""
    return reason.encode()[:LONGEST_REASON_BYTES].decode(errors="ignore")
