"""Which bytes of a file a Range header asks for (RFC 9110, section 14). Pure."""

import re

import msgspec

_ONE_RANGE = re.compile(r"^bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*$")


class Span(msgspec.Struct, frozen=True):
    """Bytes from `first` to `last`, both included."""

    first: int
    last: int

    @property
    def length(self) -> int:
        """How many bytes."""
        return self.last - self.first + 1


class Unsatisfiable(msgspec.Struct, frozen=True):
    """Refusal: the range lies outside the file (416)."""


def wanted(header: str | None, size: int) -> Span | Unsatisfiable | None:
    """The span asked for; None where the whole file is the right answer: no range, several, or one we do not read."""
    match = _ONE_RANGE.match(header) if header else None
    if match is None or not (match[1] or match[2]):
        return None
    if not match[1]:
        length = min(int(match[2]), size)
        return Span(size - length, size - 1) if length else Unsatisfiable()
    first = int(match[1])
    last = min(int(match[2]), size - 1) if match[2] else size - 1
    if match[2] and int(match[2]) < first:
        return None
    return Span(first, last) if first < size else Unsatisfiable()
