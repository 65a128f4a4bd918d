"""What a socket watches: subscribe and recover, leave, page back, and ask again when rights may have changed.

A channel's pushes are held back while its `subscribed` is made, so that the items in it and the pushes after it are
contiguous: join, read the log and the state, answer, let go, and drop what the answer already carried.
"""

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec
import structlog

from api.errors import Refused
from api.rights import Actor
from api.socket.channels import Admission, Subscription, kind_of, nothing
from api.socket.commands import History, Recover, Subscribe, Unsubscribe
from live.own import shown
from live.push import Push
from live.store import Unreadable

if TYPE_CHECKING:
    from api.socket.session import Session
    from api.socket.sockets import Services

NEWEST_ITEMS = 50
RECOVERABLE_ITEMS = 300

logger = structlog.get_logger("api.socket")


async def subscribe(session: "Session", message: Subscribe) -> None:
    """Watch a channel; watching one again starts over from `recover`."""
    watched = session.subscriptions or {}
    limit = session.sockets.limits.subscriptions
    if message.channel not in watched and len(watched) >= limit:
        told = f"A socket may watch {limit} channels; leave one first."
        session.refuse(message.id, Refused("too_large", told, field="channel"))
        return
    refused = await watch(session, message.channel, message.recover, message.max_rate_hz, re=message.id)
    if refused is not None and not session.ended:
        session.refuse(message.id, refused)


async def watch_own(session: "Session", actor: Actor) -> None:
    """Every user watches `user:{sub}` from the start, where that kind of channel exists."""
    if actor.role != "guest" and "user" in session.sockets.services.kinds:
        refused = await watch(session, f"user:{actor.sub}", None, None, re=None)
        if refused is not None:
            logger.warning("a user's own channel could not be watched", sub=actor.sub, code=refused.code)


async def watch(
    session: "Session", channel: str, recover: Recover | None, max_rate_hz: float | None, *, re: int | None
) -> Refused | None:
    """Admit, join, read and answer `subscribed`; a refusal leaves nothing behind."""
    admission = await _admit(session, channel, max_rate_hz)
    if isinstance(admission, Refused):
        return admission
    if session.ended:
        admission.leave()
        return None
    _drop(session, channel)
    watched = Subscription(channel, admission, max_rate_hz)
    _keep(session, watched)
    try:
        async with asyncio.timeout(session.sockets.limits.ask_within_s):
            answer = await _subscribed(session, channel, admission, recover)
    except Exception:
        logger.exception("a channel could not be read", channel=channel)
        _drop(session, channel)
        return Refused("unavailable", "The channel cannot be read right now.", after_ms=2000)
    if not session.ended:
        session.outbox.reply({"type": "subscribed"} | ({} if re is None else {"re": re}) | answer)
        session.outbox.release(channel, answer["offset"] if admission.has_log else None)
    watched.admission = msgspec.structs.replace(admission, state=nothing)  # it was told; an idle socket keeps less
    return None


async def unsubscribe(session: "Session", message: Unsubscribe) -> None:
    """Leave a channel; leaving one that is not watched is done already."""
    _drop(session, message.channel)
    session.outbox.reply({"type": "unsubscribed", "re": message.id, "channel": message.channel})


async def history(session: "Session", message: History) -> None:
    """A page of a watched channel's log."""
    watched = (session.subscriptions or {}).get(message.channel)
    if watched is None:
        session.refuse(message.id, Refused("forbidden", "Subscribe to the channel first.", field="channel"))
        return
    if not watched.admission.has_log:
        session.refuse(message.id, Refused("bad_request", "This channel keeps no log.", field="channel"))
        return
    if message.before is not None and message.after is not None:
        session.refuse(message.id, Refused("bad_request", "Give before or after, not both.", field="before"))
        return
    try:
        async with asyncio.timeout(session.sockets.limits.ask_within_s):
            items = await session.sockets.services.log.read(
                message.channel, after=message.after, before=message.before, limit=message.limit + 1
            )
    except (TimeoutError, Unreadable):
        session.refuse(message.id, Refused("unavailable", "The log cannot be read right now.", after_ms=2000))
        return
    session.sockets.meters.reads["history from mongodb"] += 1
    items = [shown(item, session.outbox.owner) for item in items]
    more = len(items) > message.limit
    if more:
        items = items[: message.limit] if message.after is not None else items[1:]
    page = {"type": "history.page", "re": message.id, "channel": message.channel, "items": items, "more": more}
    session.outbox.reply(page)


async def recheck(session: "Session", channel: str) -> None:
    """Ask again whether this socket may watch, and what: refused (or unknown) it leaves, else its view may change."""
    watched = (session.subscriptions or {}).get(channel)
    if watched is None:
        return
    admission = await _admit(session, channel, watched.max_rate_hz)
    if session.ended or (session.subscriptions or {}).get(channel) is not watched:
        if isinstance(admission, Admission):
            admission.leave()
    elif isinstance(admission, Refused):
        _drop(session, channel)
        told = {"type": "unsubscribed", "channel": channel, "code": admission.code, "reason": admission.message}
        session.outbox.reply(told)
    elif _topics(channel, admission) == _topics(channel, watched.admission):
        admission.leave()
    else:
        await _switch(session, watched, admission)


def leave_all(session: "Session") -> None:
    """The socket is gone."""
    for channel in list(session.subscriptions or ()):
        _drop(session, channel)


async def _admit(session: "Session", channel: str, max_rate_hz: float | None) -> Admission | Refused:
    services = session.sockets.services
    kind = services.kinds.get(kind_of(channel))
    if kind is None or session.actor is None:
        return Refused("not_found", "There is no such channel.", field="channel")
    try:
        async with asyncio.timeout(session.sockets.limits.ask_within_s):
            return await kind.admit(session.actor, channel, session.outbox, max_rate_hz)
    except Exception:  # whatever keeps us from knowing the rights: nobody gets in without them
        logger.exception("rights could not be checked", channel=channel)
        return Refused("unavailable", "Rights cannot be checked right now.", after_ms=2000)


async def _subscribed(
    session: "Session", channel: str, admission: Admission, recover: Recover | None
) -> dict[str, Any]:
    """The fields of `subscribed`. `recovered` only when the items fill the whole gap."""
    answer: dict[str, Any] = {"channel": channel, "epoch": "", "offset": 0, "recovered": False, "items": []}
    if admission.has_log:
        await session.sockets.services.feed.watch(channel)
        answer |= await _log_part(session.sockets.services, channel, recover)
        answer["items"] = [shown(item, session.outbox.owner) for item in answer["items"]]
    answer["state"] = await admission.state()
    return answer


async def _log_part(services: "Services", channel: str, recover: Recover | None) -> dict[str, Any]:
    """The log's end, from memory where that reaches back far enough: a thousand reconnects cost the database little."""
    known = services.feed.recent(channel, recover.offset if recover else None)
    if known is None and recover is not None:
        known = await services.feed.further_back(channel, recover.offset)
    if known is not None and (recover is None or recover.epoch == known.epoch):
        return {
            "epoch": known.epoch, "offset": known.last, "recovered": recover is not None, "items": known.items
        }
    newest = services.feed.recent(channel)
    if recover is not None and newest is not None and newest.last - RECOVERABLE_ITEMS > recover.offset:
        return {"epoch": newest.epoch, "offset": newest.last, "recovered": False, "items": newest.items}
    services.feed.meters.reads["recovery from mongodb"] += 1
    epoch, head = await services.log.head(channel)
    items: list[dict[str, Any]] = []
    recovered = False
    if recover is not None and recover.epoch == epoch and head - RECOVERABLE_ITEMS <= recover.offset <= head:
        items = await services.log.read(channel, after=recover.offset, limit=2 * RECOVERABLE_ITEMS)
        whole = len(items) >= head - recover.offset
        recovered = whole and (not items or items[0]["offset"] == recover.offset + 1)
    if not recovered:
        items = await services.log.read(channel, limit=NEWEST_ITEMS)
    offset = items[-1]["offset"] if items else head
    return {"epoch": epoch, "offset": offset, "recovered": recovered, "items": items}


def _topics(channel: str, admission: Admission) -> frozenset[str]:
    return frozenset((*admission.topics, channel) if admission.has_log else admission.topics)


def _keep(session: "Session", watched: Subscription) -> None:
    """Join the topics with the channel held back, and remember the subscription."""
    channel = watched.channel
    session.outbox.hold(channel)
    session.outbox.set_rate(channel, watched.max_rate_hz)
    for topic in _topics(channel, watched.admission):
        session.sockets.services.hub.join(topic, session.outbox, channel)
    if session.subscriptions is None:
        session.subscriptions = {}
    session.subscriptions[channel] = watched
    session.sockets.note(channel, session)


def _drop(session: "Session", channel: str) -> None:
    """Undo `_keep`, whatever of it was done."""
    watched = session.subscriptions.pop(channel, None) if session.subscriptions else None
    if watched is None:
        return
    for topic in _topics(channel, watched.admission):
        session.sockets.services.hub.leave(topic, session.outbox)
    if watched.admission.has_log:
        session.sockets.services.feed.unwatch(channel)
    session.outbox.forget(channel)
    session.sockets.unnote(channel, session)
    watched.admission.leave()


async def _switch(session: "Session", watched: Subscription, admission: Admission) -> None:
    """The viewer now sees another view: change the topics and push what holds there."""
    hub, channel, old = session.sockets.services.hub, watched.channel, watched.admission
    for topic in _topics(channel, old) - _topics(channel, admission):
        hub.leave(topic, session.outbox)
    for topic in _topics(channel, admission) - _topics(channel, old):
        hub.join(topic, session.outbox, channel)
    watched.admission = admission
    old.leave()
    session.outbox.forget_latest(channel)
    for subject, value in (await admission.state()).items():
        if isinstance(value, dict) and "type" in value:
            session.outbox.latest(channel, subject, Push(value))
