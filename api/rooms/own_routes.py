"""What was reported, for admins; and everybody's own words, to take along or to erase."""

from typing import Annotated, Any

from litestar import Router, delete, get
from litestar.di import Provide
from litestar.params import QueryParameter

from api.bearer import Caller
from api.errors import Refusal
from api.rights import Everything, may
from api.rooms.entry import person_of
from api.rooms.own import Erased, OwnWords
from api.rooms.routes import Rooms, provide_entry
from api.rooms.shapes import Export, Reports

MOST_REPORTS, MOST_EXPORTED = 50, 1000
After = Annotated[str | None, QueryParameter(max_length=64, description="`next` of the page before")]


@get("/reports", summary="Reported messages, newest first")
async def reports(entry: Rooms, actor: Caller, after: After = None) -> Reports:
    """For admins; each with a frozen copy of what stood around the message."""
    if not may(actor, "reports.read", Everything()):
        raise Refusal("forbidden", "Reports are for admins.")
    rows = await entry.desk.rooms.registry.reports(after, MOST_REPORTS + 1)
    items: list[dict[str, Any]] = [{"id": row.pop("_id")} | row for row in rows[:MOST_REPORTS]]
    return Reports(items, items[-1]["id"] if len(rows) > MOST_REPORTS else None)


@get("/chat/export", summary="All I wrote")
async def export(entry: Rooms, actor: Caller, after: After = None) -> Export:
    """Oldest first, at most 1000 a page."""
    store, person = entry.desk.store, person_of(actor)
    before = await store.message(after) if after else None
    if after and (before is None or before["by"] != person.key):
        raise Refusal("bad_request", "`after` is the `next` of a page before.", "after")
    rows = await OwnWords(entry.desk).page(person, before, MOST_EXPORTED + 1)
    items = rows[:MOST_EXPORTED]
    return Export(items, items[-1]["message_id"] if len(rows) > MOST_EXPORTED else None)


@delete("/chat/data", summary="Erase all I wrote", status_code=200)
async def erase(entry: Rooms, actor: Caller) -> Erased:
    """The messages stay as deleted ones, without their text, their pictures and the name of who wrote them."""
    return await OwnWords(entry.desk).erase(person_of(actor))


router = Router(
    "/api", tags=["rooms"], route_handlers=[reports, export, erase], dependencies={"entry": Provide(provide_entry)}
)
