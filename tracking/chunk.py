"""One rider's points of one minute as one document of columns, and what joining more points to it does. Pure.

    {_id: {r: rider, m: minute}, rev, at, clients: [...], client: [0, 0, ...], seq: [...], ts: [...], lat: [...], ...,
     handled: [[client, first seq, last seq], ...]}

Row i of every column is one point; `client` points into `clients`. Rows are in order of time and each (client, seq)
stands once, so joining the same points twice changes nothing. `handled` also covers seqs refused in that minute.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from tracking.state import KeptPoint

MINUTE_MS = 60_000
MOST_ROWS = 20_000  # 333 points a second: beyond that it is a flood, and a document must stay below 16 MB
COLUMNS = ("seq", "ts", "lat", "lng", "accuracy", "speed", "heading", "altitude")

Document = dict[str, Any]
Row = tuple[str, KeptPoint]
Span = tuple[str, int, int]


class Addition(msgspec.Struct):
    """What is to be joined to one chunk: points by client, and refused seqs by client."""

    rows: list[Row] = []
    refused: list[tuple[str, int]] = []


def chunk_id(rider: str, minute: int) -> Document:
    """The `_id` of a chunk. Field order matters: MongoDB compares embedded documents field by field."""
    return {"r": rider, "m": minute}


def rows_of(document: Document) -> Iterator[Row]:
    """The points of a chunk in order of time, each with its client."""
    names = document["clients"]
    columns = (document[name] for name in COLUMNS)
    for at, (seq, ts, *others) in zip(document["client"], zip(*columns, strict=True), strict=True):
        yield names[at], KeptPoint(int(seq), int(ts), *others)  # BSON's Int64 is an int that encoders refuse


def handled_of(document: Document) -> Iterator[Span]:
    """(client, first seq, last seq) for every run of handled seqs in the chunk."""
    names = document["clients"]
    return ((names[at], int(first), int(last)) for at, first, last in document["handled"])


def join(document: Document | None, rider: str, minute: int, addition: Addition) -> Document | None:
    """The chunk with the addition in it, one `rev` higher; None when everything was there already."""
    rows = list(rows_of(document)) if document else []
    spans = list(handled_of(document)) if document else []
    there = {(client, point.seq) for client, point in rows}
    fresh: list[Row] = []
    for client, point in addition.rows:
        if (client, point.seq) not in there and len(rows) + len(fresh) < MOST_ROWS:
            there.add((client, point.seq))
            fresh.append((client, point))
    handled = merged([*spans, *((client, point.seq, point.seq) for client, point in fresh),
                      *((client, seq, seq) for client, seq in addition.refused)])
    if document is not None and not fresh and handled == merged(spans):
        return None
    rows = sorted([*rows, *fresh], key=lambda row: (row[1].ts, row[0], row[1].seq))
    return _document(rider, minute, document["rev"] + 1 if document else 1, rows, handled)


def _document(rider: str, minute: int, rev: int, rows: list[Row], handled: list[Span]) -> Document:
    names = sorted({client for client, _ in rows} | {client for client, _, _ in handled})
    place = {name: at for at, name in enumerate(names)}
    columns = {name: [getattr(point, name) for _, point in rows] for name in COLUMNS}
    return {
        "_id": chunk_id(rider, minute),
        "rev": rev,
        "at": datetime.fromtimestamp(minute * MINUTE_MS / 1000, UTC),
        "clients": names,
        "client": [place[client] for client, _ in rows],
        **columns,
        "handled": [[place[client], first, last] for client, first, last in handled],
    }


def merged(spans: Iterable[Span]) -> list[Span]:
    """The same seqs in as few runs as possible, sorted by client and seq."""
    runs: list[Span] = []
    for client, first, last in sorted(spans):
        if runs and runs[-1][0] == client and first <= runs[-1][2] + 1:
            runs[-1] = (client, runs[-1][1], max(runs[-1][2], last))
        else:
            runs.append((client, first, last))
    return runs
