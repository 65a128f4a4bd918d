"""Fragments become messages here, and text is proven to be UTF-8. What breaks RFC 6455 is refused with its code."""

import codecs

from api.socket.codes import Close

TEXT, BINARY, CONTINUATION = 1, 2, 0

_utf8 = codecs.getincrementaldecoder("utf-8")


class Assembly:
    """The unfinished message of one socket; exists only while a fragmented message is under way."""

    __slots__ = ("_check", "_limit_bytes", "_parts", "is_text")

    def __init__(self, is_text: bool, limit_bytes: int) -> None:
        self.is_text = is_text
        self._limit_bytes = limit_bytes
        self._parts = bytearray()
        self._check = _utf8() if is_text else None

    def add(self, part: bytes, last: bool) -> bytes | Close | None:
        """Add a fragment: the whole message when it was the last, a close code when it may not be, else None."""
        if len(self._parts) + len(part) > self._limit_bytes:
            return Close.TOO_BIG
        if self._check is not None:
            try:
                self._check.decode(part, last)
            except UnicodeDecodeError:
                return Close.BAD_UTF8
        self._parts += part
        return bytes(self._parts) if last else None


def is_utf8(text: bytes) -> bool:
    """Whether a whole text message is UTF-8."""
    if text.isascii():
        return True
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def answer_to_close(payload: bytes) -> int | None:
    """The code that answers a close frame: the peer's own, None for an empty one, PROTOCOL for one not allowed."""
    if not payload:
        return None
    code = int.from_bytes(payload[:2], "big")
    allowed = code in (1000, 1001, 1002, 1003, *range(1007, 1015)) or 3000 <= code <= 4999
    return code if allowed and len(payload) >= 2 else Close.PROTOCOL
