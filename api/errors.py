"""What a refusal means to a caller: one table from code to HTTP status, socket close code and whether to try again.

Rules hand back `Refused` as a value; where a value cannot travel (HTTP handlers) the same thing is raised as `Refusal`.
"""

from typing import Any

import msgspec


class Meaning(msgspec.Struct, frozen=True):
    """What one code means. `close` is None where a socket gets an `error` and lives on. `retry`: try the same again."""

    status: int
    title: str
    close: int | None = None
    retry: bool = False


# 4000-4499 tell a client to come back, 4500-4999 not to.
MEANINGS: dict[str, Meaning] = {
    "bad_request": Meaning(400, "The request has the wrong form"),
    "unknown_type": Meaning(400, "No such message type"),
    "no_token": Meaning(401, "A bearer token is needed", close=4500),
    "bad_token": Meaning(401, "The token is not valid", close=4500),
    "expired_token": Meaning(401, "The token had expired when it was shown", close=4500),
    "session_expired": Meaning(401, "The token expired on a live socket", close=4401, retry=True),
    "revoked": Meaning(401, "The token was revoked", close=4501),
    "bad_credentials": Meaning(401, "Not this address with this password"),
    "bad_code": Meaning(400, "The code is not right, or no longer"),
    "weak_password": Meaning(400, "Another password is needed"),
    "csrf": Meaning(403, "Not from a page of ours"),
    "disabled": Meaning(404, "Not switched on here"),
    "forbidden": Meaning(403, "Not yours to do"),
    "not_found": Meaning(404, "No such thing"),
    "method_not_allowed": Meaning(405, "Not this method here"),
    "not_acceptable": Meaning(406, "Not in this representation"),
    "auth_timeout": Meaning(408, "No auth in time", close=4408, retry=True),
    "conflict": Meaning(409, "Somebody else was faster", retry=True),
    "sold_out": Meaning(409, "Not so many are left"),
    "store_closed": Meaning(409, "The store takes no orders just now"),
    "slot_taken": Meaning(409, "That time is taken"),
    "exists": Meaning(409, "There is one already"),
    "rider_full": Meaning(409, "The rider has no place left", retry=True),
    "illegal_step": Meaning(409, "The order cannot take this step now"),
    "key_reused": Meaning(409, "This Idempotency-Key was used with another body"),
    "link_dead": Meaning(410, "This share link has ended"),
    "blocked": Meaning(403, "Somebody blocked you here"),
    "room_closed": Meaning(409, "The room can only be read"),
    "order_ended": Meaning(410, "The order has ended"),
    "offer_over": Meaning(410, "The offer is over"),
    "too_large": Meaning(413, "Too large", close=1009),
    "bad_image": Meaning(422, "The picture cannot be used"),
    "unsupported_media_type": Meaning(415, "Not in this media type"),
    "rate_limited": Meaning(429, "Too often", retry=True),
    "flooding": Meaning(429, "Far too often", close=4029, retry=True),
    "internal": Meaning(500, "Our fault", close=4006, retry=True),
    "unavailable": Meaning(503, "Something we need is down", retry=True),
    "shutdown": Meaning(503, "This server is stopping", close=4001, retry=True),
    "slow_reader": Meaning(503, "The reader is too slow", close=4003, retry=True),
    "continuity_lost": Meaning(503, "Continuity was lost", close=4004, retry=True),
    "no_pong": Meaning(503, "No sign of life", close=4005, retry=True),
    "too_many_connections": Meaning(503, "Too many connections", close=4008, retry=True),
    "wrong_frame": Meaning(400, "Wrong kind of frame for the subprotocol", close=1003),
    "protocol_error": Meaning(400, "The protocol was broken", close=4503),
    "replaced": Meaning(409, "A newer connection took this one's place", close=4509),
}


class Refused(msgspec.Struct, frozen=True):
    """A refusal as a value. `field` names the part of the request at fault, `after_ms` when to try again."""

    code: str
    message: str
    field: str | None = None
    after_ms: int | None = None
    allowed: tuple[str, ...] = ()


class Refusal(Exception):
    """A refusal on its way through code that cannot return it: `raise Refusal("not_found", "No order has id o1.")`."""

    def __init__(
        self, code: str, message: str, field: str | None = None, *,
        after_ms: int | None = None, allowed: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message)
        self.refused = Refused(code, message, field, after_ms, allowed)

    @classmethod
    def of(cls, refused: Refused) -> "Refusal":
        """The same refusal, raisable."""
        return cls(refused.code, refused.message, refused.field, after_ms=refused.after_ms, allowed=refused.allowed)

    @property
    def code(self) -> str:
        """Which row of the table."""
        return self.refused.code

    @property
    def message(self) -> str:
        """A full sentence for the caller."""
        return self.refused.message

    @property
    def field(self) -> str | None:
        """The part of the request at fault."""
        return self.refused.field


def meaning(code: str) -> Meaning:
    """The table's row; a code nobody wrote down counts as our fault."""
    return MEANINGS.get(code, MEANINGS["internal"])


def as_message(refused: Refused, re: int | None = None) -> dict[str, Any]:
    """The refusal as the socket's `error` message, answering request `re`."""
    message: dict[str, Any] = {
        "type": "error", "code": refused.code, "message": refused.message, "retry": meaning(refused.code).retry
    }
    extras = {"re": re, "field": refused.field, "after_ms": refused.after_ms, "allowed": list(refused.allowed) or None}
    return message | {name: value for name, value in extras.items() if value is not None}
