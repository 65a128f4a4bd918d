"""Who reacts to what: a reaction is a named handler on a queue. The table of all of them is `api/consumers.py`.

A handler is `async def handler(event, tools, session)`. What it writes with `session` and the mark that it is done are
committed together. It may run again before that, so whatever it does without the session must do no harm twice. It
raises when it cannot: then it is tried again later, and after the last attempt, or Hopeless, the event is dead. It may
return a function to call after the commit, for what may be lost: news to sockets, caches.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from events.event import Event
from events.once import After, Session

Handler = Callable[[Event, Any, Session], Awaitable[After | None]]
Table = Mapping[str, tuple["Reaction", ...]]


class Hopeless(Exception):
    """A handler's word that another attempt would fail too; the event is dead at once."""


class Reaction(msgspec.Struct, frozen=True):
    """`name` stands in the marks: renaming it makes old events count again. `within_s` bounds one run."""

    name: str
    queue: str
    handle: Handler
    within_s: float = 30.0


def reactions(table: Table, queue: str, key: str) -> tuple[Reaction, ...]:
    """What is to be done on this queue for an event with this routing key."""
    return tuple(reaction for reaction in table.get(key, ()) if reaction.queue == queue)
