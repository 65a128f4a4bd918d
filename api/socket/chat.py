"""What a socket asks of rooms: say, change, mark, type, report, block. Each step finds the room first, so the right.

A message's ack comes when it is stored, out of the socket's turn: what the client asks next need not wait for it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any, assert_never

import msgspec

from api.errors import Refused
from api.orders.store import Unanswered
from api.rights import Action, Actor
from api.rooms.entry import Entry, person_of, refused
from api.rooms.shapes import ack
from api.socket.chat_commands import (
    Chat,
    ChatBlock,
    ChatChange,
    ChatDelete,
    ChatMark,
    ChatReport,
    ChatSend,
    ChatTyping,
)
from chat.messages import Stored
from chat.room import No, Room
from chat.store import Unstored
from chat.writer import Outcome

if TYPE_CHECKING:
    from api.socket.session import Session

NOT_HERE = Refused("not_found", "There are no rooms here.", "room")
LATER = Refused("unavailable", "Rooms cannot be read or written right now.", after_ms=2000)


def step(session: "Session", message: Chat) -> Callable[[], Awaitable[None]]:
    """What a request about a room means."""
    match message:
        case ChatSend():
            return lambda: send(session, message)
        case ChatChange():
            return lambda: edit(session, message)
        case ChatDelete():
            return lambda: delete(session, message)
        case ChatMark():
            return lambda: mark(session, message)
        case ChatTyping():
            return lambda: typing(session, message)
        case ChatReport():
            return lambda: report(session, message)
        case ChatBlock():
            return lambda: block(session, message)
        case _:
            assert_never(message)


async def send(session: "Session", message: ChatSend) -> None:
    """Say something; `chat.ack` follows when a majority has it."""
    entry, actor = session.sockets.services.entry, session.actor
    if entry is None or actor is None:
        session.refuse(message.id, NOT_HERE)
        return
    try:
        async with asyncio.timeout(session.sockets.limits.ask_within_s):
            coming = await _say(entry, actor, message)
    except (Unstored, Unanswered, TimeoutError):
        session.refuse(message.id, LATER)
        return
    if isinstance(coming, Refused):
        session.refuse(message.id, coming)
    elif isinstance(coming, Stored | No):
        _settle(session, message, coming)
    else:
        session.owe()
        coming.add_done_callback(partial(_stored, session, message))


async def _say(entry: Entry, actor: Actor, message: ChatSend) -> "Refused | asyncio.Future[Outcome] | Outcome":
    person = person_of(actor)
    room = await entry.find(actor, message.room, "room.send")
    if isinstance(room, Refused):  # whoever has left still gets the ack of what they said before
        before = await entry.desk.said_before(message.room, person, message.client_id)
        return before or room
    return await entry.desk.say(
        room, person, message.client_id, message.text, message.reply_to, tuple(message.attachments)
    )


def _stored(session: "Session", message: ChatSend, future: "asyncio.Future[Outcome]") -> None:
    session.paid()
    if not session.ended and not future.cancelled():
        _settle(session, message, future.result())
    session.look_whether_done()


def _settle(session: "Session", message: ChatSend, outcome: Outcome) -> None:
    if isinstance(outcome, No):
        session.refuse(message.id, refused(outcome))
        return
    told: dict[str, Any] = {"type": "chat.ack", "re": message.id}
    session.outbox.reply(told | msgspec.structs.asdict(ack(outcome, message.client_id)))


async def edit(session: "Session", message: ChatChange) -> None:
    """Another text for one's own message."""
    await _do(session, message, "room.send", lambda entry, actor, room: entry.desk.change(
        room, person_of(actor), message.message_id, message.text
    ))


async def delete(session: "Session", message: ChatDelete) -> None:
    """Take one's own message away."""
    await _do(session, message, "room.send", lambda entry, actor, room: entry.desk.change(
        room, person_of(actor), message.message_id, None
    ))


async def report(session: "Session", message: ChatReport) -> None:
    """Show a message to an admin."""
    await _do(session, message, "room.report", lambda entry, actor, room: entry.desk.report(
        room, person_of(actor), message.message_id, message.reason
    ))


async def block(session: "Session", message: ChatBlock) -> None:
    """Hear no more from somebody, or again."""
    await _do(session, message, "room.block", lambda entry, actor, room: entry.desk.block(
        room, person_of(actor), message.user, message.on
    ))


async def mark(session: "Session", message: ChatMark) -> None:
    """Received or read up to here; no answer unless it is refused."""

    async def move(entry: Entry, actor: Actor, room: Room) -> None:
        await entry.desk.mark(room, person_of(actor), message.delivered, message.read)

    await _do(session, message, "room.mark", move, is_answered=False)


async def typing(session: "Session", message: ChatTyping) -> None:
    """Somebody types; no answer unless it is refused."""

    async def tell(entry: Entry, actor: Actor, room: Room) -> None:
        await entry.desk.watch.typing(room, person_of(actor), message.on)

    await _do(session, message, "room.send", tell, is_answered=False)


async def _do(
    session: "Session", message: ChatChange | ChatReport | ChatBlock | ChatDelete | ChatMark | ChatTyping,
    action: Action, work: Callable[[Entry, Actor, Room], Awaitable[object]], *, is_answered: bool = True,
) -> None:
    """Find the room, do the work in it, answer `ok` or why not."""
    entry, actor = session.sockets.services.entry, session.actor
    if entry is None or actor is None:
        session.refuse(message.id, NOT_HERE)
        return
    try:
        async with asyncio.timeout(session.sockets.limits.ask_within_s):
            room = await entry.find(actor, message.room, action)
            outcome = room if isinstance(room, Refused) else await work(entry, actor, room)
    except (Unstored, Unanswered, TimeoutError):
        outcome = LATER
    if isinstance(outcome, No):
        outcome = refused(outcome)
    if isinstance(outcome, Refused):
        session.refuse(message.id, outcome)
    elif is_answered:
        session.outbox.reply({"type": "ok", "re": message.id})
