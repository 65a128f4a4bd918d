"""A public answer that this process still holds leaves before ASGI: no scope, no task, no exchange of messages.

Only what is certain goes this way: a whole GET over HTTP/1.1 that stays open, nothing unanswered before it, a reader
who keeps up. All else goes uvicorn's way to `front.py`, which says the same in the same words: both take an answer's
headers from `front.lines`, and a request's name and line in the log from `api/requests.py`.
"""

import asyncio
import time
from collections.abc import Sequence

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from api.cache.front import Front, lines, matches
from api.cache.local import Answer
from api.cache.plan import PUBLIC
from api.requests import answered, name_of

PATHS = tuple(path.encode() for path in PUBLIC)
# A body, a caller, a change of protocol, or a question before the question: none of these is answered here.
UNUSUAL = frozenset({b"authorization", b"content-length", b"transfer-encoding", b"expect", b"upgrade"})
OK, NOT_MODIFIED = STATUS_LINE[200], STATUS_LINE[304]


class EarlyProtocol(HttpToolsProtocol):
    """uvicorn's protocol, which looks at what is kept before it begins to build anything for the application."""

    front: Front
    _may_answer = False  # once in what arrives together: who sends many requests in one piece takes turns with others
    _has_answered = False

    def data_received(self, data: bytes) -> None:
        """Bytes of one or of several requests."""
        self._may_answer = True
        super().data_received(data)

    def on_headers_complete(self) -> None:
        """Answer, or begin the normal way."""
        self._has_answered = self._may_answer and self._answered()
        if self._has_answered:
            self._may_answer = False
            self.on_response_complete()
        else:
            super().on_headers_complete()

    def on_message_complete(self) -> None:
        """A request that is answered waits for no body."""
        if not self._has_answered:
            super().on_message_complete()

    def _answered(self) -> bool:
        """Whether the answer was kept here, and is written."""
        if not self.url.startswith(PATHS) or not self._is_plain():
            return False
        asked, given = asked_of(self.url), dict(self.headers)
        if asked is None or not UNUSUAL.isdisjoint(given):
            return False
        wanted = self.front.plan(*asked)
        kept = self.front.hit(wanted) if wanted is not None else None
        if kept is None:
            return False
        self._write(kept, given)
        return True

    def _is_plain(self) -> bool:
        """Whether nothing about this request or its connection needs more than an answer."""
        parser, before = self.parser, self.cycle
        return (
            parser.get_method() == b"GET" and parser.get_http_version() == "1.1" and parser.should_keep_alive()
            and (before is None or before.response_complete)
            and not self.flow.write_paused and not self.transport.is_closing()
        )

    def _write(self, answer: Answer, given: dict[bytes, bytes]) -> None:
        """Head and body in one piece."""
        started_s, names = time.perf_counter(), name_of(given)
        is_known = b"if-none-match" in given and matches(given[b"if-none-match"], answer.etag)
        head = answer.heads.get(is_known)
        if head is None:
            head = answer.heads[is_known] = joined(lines(answer, "HIT", is_known))
        cors = joined(self.front.cors(given[b"origin"])) if b"origin" in given else b""
        self.transport.write(b"".join((
            NOT_MODIFIED if is_known else OK, joined(self.server_state.default_headers), head, cors,
            b"x-request-id: ", names["request_id"].encode(), b"\r\n\r\n", b"" if is_known else answer.body,
        )))
        answered("GET", "-", 304 if is_known else 200, started_s, **names)


def asked_of(target: bytes) -> tuple[str, bytes] | None:
    """Path and query of a request's target; None where uvicorn would have to decode something, or to leave it out."""
    path, _, query = target.partition(b"?")
    return (path.decode(), query) if target.isascii() and b"%" not in path and b"#" not in target else None


def joined(headers: Sequence[tuple[bytes, bytes]]) -> bytes:
    """Header lines as HTTP/1.1 has them."""
    return b"".join([b"%b: %b\r\n" % each for each in headers])


def make_http_class(front: Front) -> type[asyncio.Protocol]:
    """The class for uvicorn's `http=`."""
    made: type[asyncio.Protocol] = type("EarlyProtocol", (EarlyProtocol,), {"front": front})
    return made
