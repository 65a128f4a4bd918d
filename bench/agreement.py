"""What a replay must agree on: points sent, points stored, and what watchers see. Pure; it only compares and counts."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from api.replay.trip import Trip
from client.rider import RiderUplink
from client.watcher import Watcher
from client.wire import Message
from tracking.chunk import Row

SAME_DEGREES = 1e-6
SHOWN = ("ts", "seq", "lat", "lng", "accuracy", "speed", "heading")  # what a position push says of a point
TRUTHS = ("stale", "precision")


class Ride(msgspec.Struct):
    """One trip under way: what was acked as durable, and its two watchers, of which one gets cut."""

    trip: Trip
    rider: str
    uplink: RiderUplink
    steady: Watcher
    cut: Watcher
    durable: list[Message]
    cuts: int = 0


class Table(msgspec.Struct):
    """The counts, and every difference in words."""

    lines: dict[str, str] = {}
    differences: list[str] = []

    def differs(self, what: str, details: Sequence[str]) -> None:
        """Keep how many there are of a difference, and the first few."""
        if details:
            self.differences.append(f"{what}: {len(details)}, such as {'; '.join(details[:3])}")


def at(position: Message | None, point: Message | None) -> bool:
    """Whether a position push is this point; without a point any position will do."""
    return point is None or (position is not None and all(position.get(name) == point.get(name) for name in SHOWN))


def state(watcher: Watcher, rider: str) -> dict[str, Any]:
    """What a watcher shows of the rider, without when it came."""
    position = watcher.view.positions.get(rider) or {}
    return {name: position.get(name) for name in (*SHOWN, *TRUTHS)}


def compare(rides: Sequence[Ride], rows: Mapping[str, Sequence[Row]]) -> Table:
    """All counts and all differences; `rows` are MongoDB's, by rider, in the order they are kept in."""
    table = Table()
    _points(table, rides, rows)
    _watchers(table, rides)
    return table


def _points(table: Table, rides: Sequence[Ride], rows: Mapping[str, Sequence[Row]]) -> None:
    """Sent against acked against stored."""
    wrong: dict[str, list[str]] = {}
    rejected: Counter[str] = Counter()
    for each in rides:
        rejected += each.uplink.rejected
        for kind, detail in _of_rider(each, rows.get(each.rider, [])).items():
            wrong.setdefault(kind, []).append(detail)
    for kind, details in wrong.items():
        table.differs(kind, details)
    sent, durable = sum(len(each.trip.points) for each in rides), sum(map(len, rows.values()))
    if sent != durable + rejected.total():
        table.differs("sent is not durable + refused", [f"{sent} != {durable} + {rejected.total()}"])
    exact = sum(not _of_rider(each, rows.get(each.rider, [])) for each in rides)
    reasons = ", ".join(f"{count} {reason}" for reason, count in rejected.items())
    table.lines |= {
        "trips": f"{len(rides):,}",
        "points sent": f"{sent:,}",
        "points durable in MongoDB": f"{durable:,}",
        "points refused, with a reason": f"{rejected.total():,}" + (f" ({reasons})" if reasons else ""),
        "points that came twice": f"{sum(each.uplink.duplicates for each in rides):,}",
        "trips stored exactly, each point once, in order": f"{exact:,}",
    }


def _of_rider(each: Ride, rows: Sequence[Row]) -> dict[str, str]:
    """What differs between one rider's acked points and the stored ones, by kind of difference."""
    found: dict[str, str] = {}
    keys = Counter((client, point.seq) for client, point in rows)
    if doubled := [key for key, count in keys.items() if count > 1]:
        found["stored more than once"] = f"{each.rider} {doubled[0]}"
    times = [point.ts for _, point in rows]
    if times != sorted(times):
        found["stored out of order"] = each.rider
    kept = {point.seq: point for _, point in rows}
    acked = {point["seq"]: point for point in each.durable}
    if kept.keys() != acked.keys():
        found["stored is not what was acked"] = f"{each.rider} {sorted(kept.keys() ^ acked.keys())[:5]}"
    for seq in kept.keys() & acked.keys():
        off = max(abs(acked[seq]["lat"] - kept[seq].lat), abs(acked[seq]["lng"] - kept[seq].lng))
        if acked[seq]["ts"] != kept[seq].ts or off > SAME_DEGREES:
            found["stored with another time or place"] = f"{each.rider} seq {seq}"
    return found


def _watchers(table: Table, rides: Sequence[Ride]) -> None:
    """Where each watcher ended."""
    behind = [
        f"{each.rider} of {watcher.session.client}"
        for each in rides
        for watcher in (each.steady, each.cut)
        if not at(watcher.view.positions.get(each.rider), each.uplink.last_accepted)
    ]
    table.differs("watchers that do not show the last accepted point", behind)
    apart = [each.rider for each in rides if state(each.steady, each.rider) != state(each.cut, each.rider)]
    table.differs("cut watchers in another state than those who stayed", apart)
    broken = [each.rider for each in rides if not (each.steady.view.is_whole and each.cut.view.is_whole)]
    table.differs("watchers told of a gap", broken)
    cuts, sockets = sum(each.cuts for each in rides), sum(each.cut.session.connections for each in rides)
    away = [each.rider for each in rides if each.cuts and each.cut.session.connections < 2]
    table.differs("cut watchers that never came back", away)
    steady, cut = (sum(getattr(each, kind).view.applied for each in rides) for kind in ("steady", "cut"))
    table.lines |= {
        "watchers on the last accepted point": f"{2 * len(rides) - len(behind):,} of {2 * len(rides):,}",
        "cut watchers in the state of those who stayed": f"{len(rides) - len(apart):,} of {len(rides):,}",
        "lines cut / sockets those watchers opened": f"{cuts:,} / {sockets:,}",
        "messages heard by who stayed / was cut": f"{steady:,} / {cut:,}",
    }
