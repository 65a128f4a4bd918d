"""Which fields of a log item reach whom: `own` {of, show} only its author's sockets, `inside` no client. Pure."""

from typing import Any

RESERVED = ("own", "inside")


def shown(item: dict[str, Any], viewer: str) -> dict[str, Any]:
    """The item as this viewer (`role:sub`) gets it."""
    if "own" not in item and "inside" not in item:
        return item
    seen = {name: value for name, value in item.items() if name not in RESERVED}
    own = item.get("own")
    return seen | own["show"] if own is not None and own["of"] == viewer else seen


def author(item: dict[str, Any]) -> str | None:
    """Whose sockets get more of it than others."""
    own = item.get("own")
    return own["of"] if own is not None else None


def voided(item: dict[str, Any]) -> list[int]:
    """Offsets of earlier items whose content this one takes back."""
    inside = item.get("inside")
    return inside.get("voids", []) if inside is not None else []


def blanked(item: dict[str, Any]) -> dict[str, Any]:
    """The item once its content was taken back: its place stays, without text and attachments."""
    return {name: value for name, value in item.items() if name != "attachments"} | {"text": "", "deleted": True}
