"""Opening and reading rooms over HTTP."""

from typing import Annotated

import msgspec
from litestar import Response, Router, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody, PathParameter, QueryParameter

from api.bearer import Caller
from api.bodies import SMALL_BODY_BYTES, json_only
from api.errors import Refusal, Refused
from api.rights import STAFF, Action, Actor
from api.rooms.entry import Entry, person_of
from api.rooms.shapes import OpenRoom, Page, RoomList, RoomView, view
from chat.room import QUICK_REPLIES, Member, Room, shop_room, support_room
from chat.rooms import utc_now
from live.own import shown
from live.store import ChannelLog

MOST_ROOMS, MOST_ITEMS = 200, 200
Rooms = NamedDependency[Entry]
RoomId = Annotated[str, PathParameter(description="the room's id", max_length=190)]
Offset = Annotated[int | None, QueryParameter(ge=0, description="an offset of the room's log")]


async def provide_entry(state: State) -> Entry:
    """The dependency `entry`."""
    entry: Entry = state.entry
    return entry


async def find_room(entry: Entry, actor: Actor, room_id: str, action: Action) -> Room:
    """The room, if the actor may do this in it; raises Refusal."""
    room = await entry.find(actor, room_id, action)
    if isinstance(room, Refused):
        raise Refusal.of(room)
    return room


def wanted_room(actor: Actor, asked: OpenRoom) -> Room:
    """The room somebody asks for; raises Refusal when it is none of theirs to open."""
    given = [asked.vendor_id is not None, asked.customer_id is not None, asked.support]
    if sum(given) != 1:
        raise Refusal("bad_request", "Say one of vendor_id, customer_id and support.", "vendor_id")
    now = utc_now()
    if asked.support:
        if actor.role in (*STAFF, "guest"):
            raise Refusal("forbidden", f"A {actor.role} has no support room.", "support")
        return support_room(person_of(actor), now)
    if asked.vendor_id is not None and actor.role == "customer":
        room = shop_room(asked.vendor_id, actor.sub, now)
    elif asked.customer_id is not None and actor.role == "vendor":
        room = shop_room(actor.sub, asked.customer_id, now)
    else:
        field = "vendor_id" if asked.vendor_id is not None else "customer_id"
        raise Refusal("forbidden", "A customer names a vendor, a vendor names a customer.", field)
    named = tuple(
        Member(each.user, each.role, actor.name if (each.user, each.role) == (actor.sub, actor.role) else "")
        for each in room.members
    )
    return msgspec.structs.replace(room, members=named)


@post("/", summary="Open a room")
async def open_room(entry: Rooms, actor: Caller, data: JSONBody[OpenRoom]) -> Response[RoomView]:
    """201, or 200 when the room was there. Its id and its members follow from who asks for whom."""
    wanted = wanted_room(actor, data)
    room, is_new = await entry.desk.rooms.open(wanted)
    if {(each.user, each.role) for each in room.members} != {(each.user, each.role) for each in wanted.members}:
        raise Refusal("conflict", f"Another room is called {room.id} already.")
    glance = await entry.desk.glance(room, person_of(actor))
    return Response(view(glance, actor.sub, actor.role), status_code=201 if is_new else 200)


@get("/", summary="My rooms, last active first")
async def own(entry: Rooms, actor: Caller) -> RoomList:
    """At most 200. `unread` is the sum over them."""
    if actor.role == "guest":
        raise Refusal("forbidden", "A share link opens no rooms.")
    glances = await entry.desk.list(person_of(actor), staff=actor.role in STAFF, limit=MOST_ROOMS)
    return RoomList([view(each, actor.sub, actor.role) for each in glances], sum(each.unread for each in glances))


@get("/quick-replies", summary="What is quickly said")
async def quick_replies(actor: Caller) -> list[str]:
    """By the caller's role."""
    return list(QUICK_REPLIES.get(actor.role, ()))


@get("/{room_id:str}", summary="One room")
async def read(entry: Rooms, actor: Caller, room_id: RoomId) -> RoomView:
    """For its members."""
    room = await find_room(entry, actor, room_id, "room.read")
    return view(await entry.desk.glance(room, person_of(actor)), actor.sub, actor.role)


@get("/{room_id:str}/messages", summary="What was said")
async def messages(
    entry: Rooms, actor: Caller, state: State, room_id: RoomId, before: Offset = None, after: Offset = None,
    limit: Annotated[int, QueryParameter(ge=1, le=MOST_ITEMS)] = 50,
) -> Page:
    """A page of the room's log, as `history` gives it; the newest without `before` or `after`."""
    if before is not None and after is not None:
        raise Refusal("bad_request", "Give before or after, not both.", "before")
    room = await find_room(entry, actor, room_id, "room.read")
    log: ChannelLog = state.log
    items = await log.read(room.channel, after=after, before=before, limit=limit + 1)
    more = len(items) > limit
    if more:
        items = items[:limit] if after is not None else items[1:]
    viewer = f"{actor.role}:{actor.sub}"
    return Page([shown(item, viewer) | {"channel": room.channel} for item in items], more)


HANDLERS = (open_room, own, quick_replies, read, messages)


def router(*more: object) -> Router:
    """All of `/api/rooms`."""
    return Router(
        "/api/rooms", tags=["rooms"], guards=[json_only], request_max_body_size=SMALL_BODY_BYTES,
        route_handlers=[*HANDLERS, *more], dependencies={"entry": Provide(provide_entry)},  # type: ignore[list-item]
    )
