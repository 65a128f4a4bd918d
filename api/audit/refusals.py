"""Refusals that somebody may have to look into: no right to it, and one request too many (once for each window)."""

from typing import Any

from litestar import Request
from litestar.datastructures import State

from api.accounts.cookie import device_of
from api.audit.trail import Trail
from api.bearer import ACTOR
from api.rates.rates import SCOPE_KEY, Rate
from api.rights import Actor


class Refusals:
    """Told of every refusal by api/problems.py."""

    def __init__(self, trail: Trail) -> None:
        self.trail = trail

    def note(self, request: Request[Any, Any, State], code: str) -> None:
        """Into the audit log, if it belongs there."""
        actor: Actor | None = request.scope["state"].get(ACTOR)
        rate: Rate | None = request.scope["state"].get(SCOPE_KEY)
        said = {"method": request.method, "path": request.scope.get("path_template") or ""}
        if code == "forbidden" and actor is not None:
            self.trail.note("denied", actor.sub, device_of(request), role=actor.role, **said)
        elif code == "rate_limited" and rate is not None and rate.seen.count == rate.limit + 1:
            self.trail.note("limited", actor.sub if actor else "", device_of(request), **said)
