"""Saying, changing, marking and reporting over HTTP; muting and blocking."""

import asyncio
from typing import Annotated

from litestar import Response, delete, patch, post, put
from litestar.params import JSONBody, PathParameter

from api.bearer import Caller
from api.errors import Refusal, Refused
from api.rates.rates import PER_MINUTE
from api.rooms.entry import person_of, refusal
from api.rooms.routes import RoomId, Rooms, find_room
from api.rooms.shapes import Ack, EditIt, Marked, MarkIt, Reported, ReportIt, SayIt, ack
from chat.pace import SENDS_PER_S
from chat.room import No

MessageId = Annotated[str, PathParameter(description="the message's id", max_length=64)]
UserId = Annotated[str, PathParameter(description="another member", max_length=128)]


@post("/{room_id:str}/messages", summary="Say something", opt={PER_MINUTE: int(SENDS_PER_S * 60)})
async def say(entry: Rooms, actor: Caller, room_id: RoomId, data: JSONBody[SayIt]) -> Response[Ack]:
    """201 when a majority has it; 200 with the first ack when this `client_id` was said here before."""
    person = person_of(actor)
    room = await entry.find(actor, room_id, "room.send")
    if isinstance(room, Refused):  # whoever has left still gets the ack of what they said before
        before = await entry.desk.said_before(room_id, person, data.client_id)
        if before is None:
            raise Refusal.of(room)
        return Response(ack(before, data.client_id), status_code=200)
    outcome = await entry.desk.say(
        room, person, data.client_id, data.text, data.reply_to, tuple(data.attachments)
    )
    if isinstance(outcome, asyncio.Future):
        outcome = await outcome
    if isinstance(outcome, No):
        raise refusal(outcome)
    return Response(ack(outcome, data.client_id), status_code=200 if outcome.duplicate else 201)


@patch("/{room_id:str}/messages/{message_id:str}", summary="Change a message", status_code=204)
async def edit(entry: Rooms, actor: Caller, room_id: RoomId, message_id: MessageId, data: JSONBody[EditIt]) -> None:
    """One's own, in an open room."""
    room = await find_room(entry, actor, room_id, "room.send")
    outcome = await entry.desk.change(room, person_of(actor), message_id, data.text)
    if isinstance(outcome, No):
        raise refusal(outcome)


@delete("/{room_id:str}/messages/{message_id:str}", summary="Take a message away")
async def remove(entry: Rooms, actor: Caller, room_id: RoomId, message_id: MessageId) -> None:
    """One's own. Its text is gone from the log as well."""
    room = await find_room(entry, actor, room_id, "room.send")
    outcome = await entry.desk.change(room, person_of(actor), message_id, None)
    if isinstance(outcome, No):
        raise refusal(outcome)


@post("/{room_id:str}/marks", summary="Received, or read, up to here", status_code=200)
async def mark(entry: Rooms, actor: Caller, room_id: RoomId, data: JSONBody[MarkIt]) -> Marked:
    """Moves forward only; the answer says where the mark is now."""
    room = await find_room(entry, actor, room_id, "room.mark")
    glance = await entry.desk.mark_now(room, person_of(actor), data.delivered, data.read)
    return Marked(glance.mark.delivered, glance.mark.read, glance.unread)


@post("/{room_id:str}/reports", summary="Report a message")
async def report(entry: Rooms, actor: Caller, room_id: RoomId, data: JSONBody[ReportIt]) -> Reported:
    """Keeps a copy of the message and of what stands around it for an admin."""
    room = await find_room(entry, actor, room_id, "room.report")
    made = await entry.desk.report(room, person_of(actor), data.message_id, data.reason)
    if isinstance(made, No):
        raise refusal(made)
    return Reported(made)


@put("/{room_id:str}/blocks/{user:str}", summary="Block a member", status_code=204)
async def block(entry: Rooms, actor: Caller, room_id: RoomId, user: UserId) -> None:
    """In the rooms of shops: the other's messages are refused from now on."""
    await _block(entry, actor, room_id, user, on=True)


@delete("/{room_id:str}/blocks/{user:str}", summary="Unblock a member")
async def unblock(entry: Rooms, actor: Caller, room_id: RoomId, user: UserId) -> None:
    """The other may speak again."""
    await _block(entry, actor, room_id, user, on=False)


async def _block(entry: Rooms, actor: Caller, room_id: str, user: str, *, on: bool) -> None:
    room = await find_room(entry, actor, room_id, "room.block")
    refused = await entry.desk.block(room, person_of(actor), user, on)
    if refused is not None:
        raise refusal(refused)


@put("/{room_id:str}/mute", summary="Mute a room", status_code=204)
async def mute(entry: Rooms, actor: Caller, room_id: RoomId) -> None:
    """No `chat.unread` for it until it is unmuted."""
    room = await find_room(entry, actor, room_id, "room.mute")
    await entry.desk.mute(room, person_of(actor), on=True)


@delete("/{room_id:str}/mute", summary="Unmute a room")
async def unmute(entry: Rooms, actor: Caller, room_id: RoomId) -> None:
    """Counts come again."""
    room = await find_room(entry, actor, room_id, "room.mute")
    await entry.desk.mute(room, person_of(actor), on=False)


HANDLERS = (say, edit, remove, mark, report, block, unblock, mute, unmute)
