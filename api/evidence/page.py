"""A timeline for people: one HTML document of words, whatever was written in them. Pure."""

import base64
import hashlib
from collections.abc import Sequence
from datetime import datetime
from html import escape

from api.evidence.timeline import Entry
from api.orders.order import Order

STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; }
tr { border-bottom: 1px solid #ddd; } time { white-space: nowrap; font-variant-numeric: tabular-nums; }
td:last-child { white-space: pre-wrap; overflow-wrap: anywhere; } .place td { color: #777; }
"""
STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
POLICY = f"{NOTHING}; style-src 'sha256-{STYLE_HASH}'"


def document(order: Order, entries: Sequence[Entry], *, made_at: datetime, by: str) -> str:
    """The whole page."""
    rows = "\n".join(_row(entry) for entry in entries)
    facts = (
        ("Customer", order.customer), ("Shop", order.vendor), ("Rider", order.rider or "none"),
        ("Status", order.status), ("Placed", _clock(order.created_at)), ("Made", f"{_clock(made_at)} for {by}"),
    )
    listed = "".join(f"<li>{escape(name)}: {escape(value)}</li>" for name, value in facts)
    title = escape(f"Order {order.id}")
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{STYLE}</style></head>\n<body><h1>{title}</h1><ul>{listed}</ul>\n"
        "<p>All times are UTC. Places, one a minute, have the time of the phone's fix; all else the server's.</p>\n"
        f"<table><thead><tr><th>Time</th><th>What</th><th>Who</th><th></th></tr></thead><tbody>\n{rows}\n"
        "</tbody></table></body></html>\n"
    )


def _row(entry: Entry) -> str:
    at = _clock(entry.at)
    cells = "".join(f"<td>{escape(word)}</td>" for word in (entry.kind, entry.who, entry.text))
    return f'<tr class="{entry.kind}"><td><time>{at}</time></td>{cells}</tr>'


def _clock(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S.") + f"{at.microsecond // 1000:03d}"
