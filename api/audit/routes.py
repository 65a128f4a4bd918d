"""The audit log over HTTP, for admins."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Router, get
from litestar.datastructures import State
from litestar.params import QueryParameter

from api.audit.trail import Event, Trail
from api.bearer import Caller
from api.errors import Refusal
from api.problems import described
from api.rights import Everything, may


class EntryView(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened. `address` is shortened to a network."""

    id: str
    at: datetime
    event: str
    sub: str
    address: str
    program: str
    details: dict[str, Any]


class AuditPage(msgspec.Struct, frozen=True, kw_only=True):
    """Newest first; `next` is the `after` of the next page, null on the last."""

    items: list[EntryView]
    next: str | None


def entry_view(entry: dict[str, Any]) -> EntryView:
    """The entry as an answer."""
    return msgspec.convert({"id": str(entry["_id"])} | entry, EntryView)


@get("/api/audit", summary="Who did what", tags=["accounts"], responses=described(403))
async def audit(
    actor: Caller,
    state: State,
    sub: Annotated[str | None, QueryParameter(max_length=128, description="only what concerns this person")] = None,
    event: Annotated[Event | None, QueryParameter(description="only this kind")] = None,
    after: Annotated[str | None, QueryParameter(max_length=64, description="`next` of the page before")] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=200)] = 50,
) -> AuditPage:
    """For admins: sign-ins, failures, codes, revocations, refusals, changes of accounts."""
    if not may(actor, "audit.read", Everything()):
        raise Refusal("forbidden", "The audit log is for admins.")
    trail: Trail = state.trail
    where = {name: value for name, value in (("sub", sub), ("event", event)) if value}
    rows = await trail.store.page(where, after, limit + 1)
    items = [entry_view(row) for row in rows[:limit]]
    return AuditPage(items=items, next=items[-1].id if len(rows) > limit else None)


router = Router("/", route_handlers=[audit])
