"""Is every crossing of a fence found, at the right time? Recorded trips against a plain reference by shapely.

`python -m bench.fence_crossings --trips FILE --pings FILE` takes clean trips and 500 random fences. The reference looks
at all fixes of a trip at once: a visit is a row of fixes inside, or of ways that lead through, and ends where two fixes
in a row lie beyond the exit distance. Each that two more fixes confirm must be told, by an enter or a crossing
between the two fixes that saw it first, and its end by an exit between the last fix inside and the next.
"""

import argparse
import csv
import gzip
import random
from collections import Counter, defaultdict
from math import cos, pi, sin
from pathlib import Path

import shapely

from bench.page import busy_percent, put, source
from geo.fences.engine import advance
from geo.fences.events import Event
from geo.fences.fence import Fence
from geo.fences.shape import METRES_A_DEGREE, Shape, area, circle
from geo.fences.table import FenceTable
from geo.fences.track import Ping, RiderState
from geo.point import distance_m

FENCES = 500
NEAR_DEG = 0.02
WORDS = {"in": "Ways in", "out": "ways out"}
Trip = list[Ping]
Span = tuple[int, int]


def read_trips(trips: Path, pings: Path) -> list[Trip]:
    """The clean trips, each by time, without accuracies: there were none."""
    with trips.open() as file:
        clean = {row["trip"] for row in csv.DictReader(file) if row["clean"] == "1"}
    found: dict[str, Trip] = defaultdict(list)
    with gzip.open(pings, "rt") as file:
        for row in csv.DictReader(file):
            if row["trip"] in clean:
                at = Ping(row["trip"], 1000 * int(row["ts"]), float(row["lat"]), float(row["lon"]))
                if not found[row["trip"]] or at.ts > found[row["trip"]][-1].ts:
                    found[row["trip"]].append(at)
    return list(found.values())


def draw(trips: list[Trip], dice: random.Random) -> list[Fence]:
    """Circles and stars of nine corners around places where somebody was."""
    fences = []
    for number in range(FENCES):
        at = dice.choice(dice.choice(trips))
        if number % 2:
            shape = circle(at.lat, at.lng, dice.uniform(50, 500))
        else:
            angles = sorted(dice.uniform(0, 2 * pi) for _ in range(9))
            reach = [dice.uniform(50, 500) / METRES_A_DEGREE for _ in angles]
            star = shapely.Polygon([
                (at.lng + by * cos(angle) / 0.75, at.lat + by * sin(angle))
                for by, angle in zip(reach, angles, strict=True)
            ])
            shape = area(star if star.is_valid else star.convex_hull)
        fences.append(Fence(str(number), shape))
    return fences


def visits(shape: Shape, trip: Trip) -> list[tuple[Span, Span | None]]:
    """Between which times each confirmed visit began, and ended."""
    away = [shape.distance_m(fix.lat, fix.lng) for fix in trip]
    touches = [away[0] <= 0] + [
        away[at] <= 0 or (away[at - 1] > 0 and _leads_through(shape, trip[at - 1], trip[at], away[at]))
        for at in range(1, len(trip))
    ]
    found: list[tuple[Span, Span | None]] = []
    first = last = None
    for at, touch in enumerate(touches):
        if touch:
            first, last = at if first is None else first, at
        out = at > 0 and away[at] > shape.exit_m and away[at - 1] > shape.exit_m and not touch
        if first is not None and last is not None and out:
            end = (trip[last].ts, trip[last + 1].ts) if away[last] <= 0 else None
            found.append(((trip[max(0, first - 1)].ts, trip[first].ts), end))
            first = last = None
    return found


def _leads_through(shape: Shape, a: Ping, b: Ping, away_m: float) -> bool:
    if away_m > 2 * distance_m(a.lat, a.lng, b.lat, b.lng):
        return False  # not even near
    return shape.depth_m((a.lat, a.lng), (b.lat, b.lng)) > 0


def compare(fences: list[Fence], trips: list[Trip]) -> tuple[Counter[str], list[str]]:
    """Counts, and what was not found in words."""
    table, counts = FenceTable(fences), Counter[str]()
    missed: list[str] = []
    for trip in trips:
        states = {trip[0].rider: RiderState()}
        told: dict[str, list[Event]] = defaultdict(list)
        for fix in trip:
            for event in advance(table, states, [fix]):
                told[event.fence].append(event)
        for fence in fences:
            west, south, east, north = fence.shape.box
            if not any(west - NEAR_DEG < fix.lng < east + NEAR_DEG and south - NEAR_DEG < fix.lat < north + NEAR_DEG
                       for fix in trip):
                continue
            mine = told[fence.id]
            for begun, ended in visits(fence.shape, trip):
                for what, kinds, span in (("in", ("enter", "cross"), begun), ("out", ("exit",), ended)):
                    if span is None:
                        continue
                    counts[what] += 1
                    if any(event.kind in kinds and span[0] <= event.ts <= span[1] for event in mine):
                        counts[what + " found"] += 1
                    else:
                        said = [(event.kind, event.ts - span[1]) for event in mine]
                        missed.append(f"{trip[0].rider} fence {fence.id} {what}: {said}")
    return counts, missed


def main() -> None:
    """Print the counts."""
    words = argparse.ArgumentParser(prog="python -m bench.fence_crossings", description=__doc__)
    words.add_argument("--trips", type=Path, required=True)
    words.add_argument("--pings", type=Path, required=True)
    words.add_argument("--most", type=int, default=10_000, help="trips at most")
    words.add_argument("--markdown", type=Path, help="write what was found into this page as well")
    given = words.parse_args()
    busy = busy_percent()
    trips = read_trips(given.trips, given.pings)[: given.most]
    counts, missed = compare(draw(trips, random.Random(5)), trips)
    lines = [
        f"{WORDS[what]}: {counts[what + ' found']:,} of {counts[what]:,} found between the two fixes that show it"
        for what in ("in", "out")
    ]
    text = f"{len(trips)} trips, {FENCES} fences. " + "; ".join(lines) + "."
    print(text)
    print("\n".join(missed[:20]))
    if given.markdown:
        put("fence_crossings", f"{source('python -m bench.fence_crossings', busy)} {text}", given.markdown)


if __name__ == "__main__":
    main()
