"""Plug-ins by name: `module:NAME`, as EVENT_PLUGINS lists them."""

import importlib
import re
from collections.abc import Sequence

from events.plugin import Plugin
from infra.settings import BadSetting

NAME = re.compile(r"[a-z0-9_.-]{1,60}")


def find(names: Sequence[str]) -> tuple[Plugin, ...]:
    """The plug-ins; raises BadSetting for one that is not there or cannot be used."""
    found = tuple(_find(name) for name in names)
    if len({plugin.name for plugin in found}) < len(found):
        raise BadSetting("EVENT_PLUGINS names two plug-ins with the same name")
    return found


def _find(name: str) -> Plugin:
    module, _, attribute = name.partition(":")
    try:
        plugin = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise BadSetting(f"EVENT_PLUGINS: {name} cannot be found ({error}); write module:NAME") from error
    if not isinstance(plugin, Plugin):
        raise BadSetting(f"EVENT_PLUGINS: {name} is a {type(plugin).__name__}, not an events.plugin.Plugin")
    if not NAME.fullmatch(plugin.name):
        raise BadSetting(f"EVENT_PLUGINS: {plugin.name!r} is no name; use small letters, digits, '.', '_' and '-'")
    return plugin
