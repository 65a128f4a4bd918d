"""A person's notifications and preferences over HTTP. Everybody sees and changes only their own."""

from datetime import UTC, datetime
from typing import Annotated

import msgspec
from litestar import Router, get, post, put
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody, PathParameter, QueryParameter

from api.bearer import Caller
from api.bodies import SMALL_BODY_BYTES, json_only
from api.errors import Refusal
from api.notices.shapes import Acked, Counted, NoticePage, NoticeView, PreferencesView, preferences_view
from api.problems import described
from api.rights import Actor, UserThing, may
from notifications.desk import NoticeDesk
from notifications.preferences import Preferences, fault

MOST = 100
Notices = NamedDependency[NoticeDesk]
After = Annotated[str | None, QueryParameter(max_length=100, description="`next` of the page before")]


async def provide_notices(state: State) -> NoticeDesk:
    """The dependency `notices`."""
    notices: NoticeDesk = state.notices
    return notices


def check_person(actor: Actor) -> None:
    """Raises Refusal for those who have no notifications."""
    if not may(actor, "user.watch", UserThing(actor.sub)):
        raise Refusal("forbidden", "A share link has no notifications.")


def cursor(after: str | None) -> tuple[datetime, str] | None:
    """Where the page before ended; raises Refusal for anything else."""
    if not after:
        return None
    at, _, last = after.partition(".")
    if not (at.isascii() and at.isdigit() and last and len(at) < 15):
        raise Refusal("bad_request", "`after` is the `next` of a page before.", "after")
    return datetime.fromtimestamp(int(at) / 1000, UTC), last


@get("/", summary="My notifications, newest first")
async def own(
    notices: Notices, actor: Caller, after: After = None,
    unread: Annotated[bool, QueryParameter(description="only what is not read yet")] = False,
    limit: Annotated[int, QueryParameter(ge=1, le=MOST)] = 50,
) -> NoticePage:
    """Without dismissed ones. A rider's list is an inbox: what was read or is a week old leaves it."""
    check_person(actor)
    rows = await notices.list(actor.sub, actor.role, cursor(after), limit + 1, unread=unread)
    items = [msgspec.convert(row, NoticeView) for row in rows[:limit]]
    tally = await notices.store.tally(actor.sub)
    following = f"{items[-1].ts}.{items[-1].notification_id}" if len(rows) > limit else None
    return NoticePage(items=items, next=following, unread=tally.unread, by_kind=tally.by_kind)


@post("/ack", summary="Say what became of some", status_code=200)
async def ack(notices: Notices, actor: Caller, data: JSONBody[Acked]) -> Counted:
    """`delivered`, `seen`, `read` or `dismissed`, as the socket's `notification.ack`. Read once, read everywhere."""
    check_person(actor)
    await notices.acknowledge(actor.sub, actor.role, data.ids, data.state)
    tally = await notices.store.tally(actor.sub)
    return Counted(tally.unread, tally.by_kind)


@post("/{notice_id:str}/read", summary="Mark one read", status_code=200)
async def read(
    notices: Notices, actor: Caller, notice_id: Annotated[str, PathParameter(max_length=64)]
) -> Counted:
    """One that is not yours, or not there, changes nothing."""
    check_person(actor)
    await notices.acknowledge(actor.sub, actor.role, [notice_id], "read")
    tally = await notices.store.tally(actor.sub)
    return Counted(tally.unread, tally.by_kind)


@post("/read", summary="Mark all read", status_code=200)
async def read_all(notices: Notices, actor: Caller) -> Counted:
    """On every device."""
    check_person(actor)
    tally = await notices.read_all(actor.sub, actor.role)
    return Counted(tally.unread, tally.by_kind)


@get("/preferences", summary="What I want to hear, where and when")
async def preferences(notices: Notices, actor: Caller) -> PreferencesView:
    """Everything is on until it is switched off."""
    check_person(actor)
    return preferences_view(await notices.store.preferences(actor.sub))


@put("/preferences", summary="Choose what to hear, where and when", responses=described())
async def put_preferences(notices: Notices, actor: Caller, data: JSONBody[Preferences]) -> PreferencesView:
    """All of them at once. A choice for a kind counts before one for its group, that before one for `*`."""
    check_person(actor)
    wrong = fault(data)
    if wrong is not None:
        raise Refusal("bad_request", wrong[1], wrong[0])
    await notices.store.put_preferences(actor.sub, data)
    return preferences_view(data)


router = Router(
    "/api/notifications", tags=["notifications"], guards=[json_only], request_max_body_size=SMALL_BODY_BYTES,
    route_handlers=[own, ack, read, read_all, preferences, put_preferences],
    dependencies={"notices": Provide(provide_notices)},
)
