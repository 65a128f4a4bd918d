"""Plug-ins: reactions from outside this project, each on a queue of its own, so that a slow one holds up nobody else.

A plug-in is a `Plugin` in any importable module, named in EVENT_PLUGINS as `module:NAME`. Its handlers are like ours
(`reaction.py`); they see the event before anything of ours may have been done with it, or after, or at the same time.
"""

from collections.abc import Mapping

import msgspec

from calls.guard import Guard
from events.reaction import Handler, Reaction, Table
from events.topology import Queue


class Plugin(msgspec.Struct, frozen=True):
    """`on`: routing key → handler. `name` is part of a queue's name and of the marks: it stays the same for ever.

    `guards` are the providers it asks: health and metrics show them.
    """

    name: str
    on: Mapping[str, Handler]
    within_s: float = 30.0
    guards: tuple[Guard, ...] = ()


def queue_for(plugin: Plugin) -> Queue:
    """Where its events wait for it."""
    return Queue(name=f"plugin.{plugin.name}", keys=tuple(sorted(plugin.on)), about=f"the plug-in {plugin.name}")


def with_plugins(table: Table, plugins: tuple[Plugin, ...]) -> Table:
    """The table with the plug-ins' reactions behind ours."""
    whole = dict(table)
    for plugin in plugins:
        queue = queue_for(plugin).name
        for key, handler in plugin.on.items():
            whole[key] = (*whole.get(key, ()), Reaction(queue, queue, handler, plugin.within_s))
    return whole
