"""What a ping costs at 10 to 100,000 fences: ours with all its rules, a linear scan, Turf.js with an R-tree.

`python -m bench.fences` prints one table from one run. Fences are polygons of twelve corners at constant density, about
one around each ping; riders move and send in batches of 100. CPU time of the median round, the first ones not counted.
Ours decides with noise, hysteresis and confirmation; the others compare each fix with the one before.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import shapely

from bench.page import busy_percent, put, source
from bench.world import PEERS, install_peers
from geo.fences.engine import advance
from geo.fences.fence import Fence
from geo.fences.shape import METRES_A_DEGREE, area
from geo.fences.table import FenceTable
from geo.fences.track import Ping, RiderState

COUNTS = (10, 1_000, 10_000, 100_000)
BATCH, RIDERS, WARM = 100, 2_000, 3
LINEAR_PINGS = 2_000
SPACING_DEG = 0.01  # a fence each 1.1 km, 520 m in radius: about one around any place
REACH_M, CORNERS, SPEED_MPS, EVERY_S, NOISE_M = 650.0, 12, 6.0, 5, 4.0
TARGET_US, TARGET_GROWTH = 5, 2
Rounds = list[list[tuple[str, float, float]]]


class Cost(msgspec.Struct):
    """CPU microseconds a ping in the median round, fences around a ping, events told."""

    us_per_ping: float
    hits: float
    events: int


class Row(msgspec.Struct):
    """What each costs at so many fences."""

    count: int
    ours: Cost
    linear: Cost
    turf: Cost | None


def draw(count: int, dice: np.random.Generator) -> list[list[list[float]]]:
    """Rings in degrees around the equator, at constant density."""
    side = np.sqrt(count) * SPACING_DEG
    rings = []
    for lng, lat in dice.uniform(0, side, (count, 2)):
        angles = np.sort(dice.uniform(0, 2 * np.pi, CORNERS))
        reach = dice.uniform(0.7, 1.3, CORNERS) * REACH_M / METRES_A_DEGREE
        ring = np.stack([lng + reach * np.cos(angles), lat + reach * np.sin(angles)], axis=1).tolist()
        polygon = shapely.Polygon(ring)
        polygon = polygon if polygon.is_valid else polygon.convex_hull
        rings.append(shapely.get_coordinates(shapely.orient_polygons(polygon)).tolist())
    return rings


def ride(count: int, rounds: int, dice: np.random.Generator) -> Rounds:
    """Where each rider is in each round, with the phone's noise."""
    side = np.sqrt(count) * SPACING_DEG
    at, heading = dice.uniform(0, side, (RIDERS, 2)), dice.uniform(0, 2 * np.pi, RIDERS)
    step = SPEED_MPS * EVERY_S / METRES_A_DEGREE * np.stack([np.cos(heading), np.sin(heading)], axis=1)
    seen = []
    for _ in range(rounds):
        at = at + step
        noisy = at + dice.normal(0, NOISE_M / METRES_A_DEGREE, (RIDERS, 2))
        seen.append([(f"r{number}", lng, lat) for number, (lng, lat) in enumerate(noisy.tolist())])
    return seen


def ours(rings: list[Any], rounds: Rounds) -> Cost:
    """The whole engine, in batches."""
    table = FenceTable(Fence(str(number), area(shapely.Polygon(ring))) for number, ring in enumerate(rings))
    states = {rider: RiderState() for rider, _, _ in rounds[0]}
    used_s: list[float] = []
    told = inside = 0
    for number, places in enumerate(rounds):
        ts = 1000 * EVERY_S * (number + 1)
        pings = [Ping(rider, ts, lat, lng, NOISE_M) for rider, lng, lat in places]
        before_s = time.process_time()
        events = [event for at in range(0, RIDERS, BATCH) for event in advance(table, states, pings[at : at + BATCH])]
        if number >= WARM:
            used_s.append(time.process_time() - before_s)
            told += len(events)
            inside += sum(len(state.live.visits) for state in states.values())
    pings_counted = RIDERS * (len(rounds) - WARM)
    return Cost(1e6 * statistics.median(used_s) / RIDERS, inside / pings_counted, told)


def linear(rings: list[Any], rounds: Rounds) -> Cost:
    """Each fix against the boxes of all fences at once, then shapely where a box holds it."""
    polygons = np.array([shapely.Polygon(ring) for ring in rings])
    shapely.prepare(polygons)
    west, south, east, north = shapely.bounds(polygons).T
    was: dict[str, set[int]] = {}
    hits = events = 0
    each = LINEAR_PINGS // len(rounds)
    used_s: list[float] = []
    for places in rounds:
        before_s = time.process_time()
        for rider, lng, lat in places[:each]:
            near = np.nonzero((west <= lng) & (lng <= east) & (south <= lat) & (lat <= north))[0]
            inside = {int(at) for at in near if shapely.contains_xy(polygons[at], lng, lat)}
            events += len(was.get(rider, inside) ^ inside)
            hits += len(inside)
            was[rider] = inside
        used_s.append(time.process_time() - before_s)
    return Cost(1e6 * statistics.median(used_s[WARM:]) / each, hits / each / len(rounds), events)


def turf(rings: list[Any], rounds: Rounds) -> Cost:
    """The peer in Node, in a process of its own."""
    node = shutil.which("node") or sys.exit("node is missing")
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "work.json")
        fences = [{"id": str(number), "ring": ring} for number, ring in enumerate(rings)]
        path.write_text(json.dumps({"fences": fences, "rounds": rounds, "warm": WARM}))
        run = subprocess.run(
            [node, "--max-old-space-size=3000", "fences.mjs", str(path)],
            cwd=PEERS, capture_output=True, check=True, timeout=600,
        )
    return msgspec.json.decode(run.stdout, type=Cost)


def measured(counts: list[int], rounds: int, peers: bool) -> Iterator[Row]:
    """What each costs, number by number."""
    for count in counts:
        dice = np.random.default_rng(count)
        rings, seen = draw(count, dice), ride(count, rounds, dice)
        yield Row(count, ours(rings, seen), linear(rings, seen), turf(rings, seen) if peers else None)


def table(rows: list[Row]) -> str:
    """A line a number of fences, then the targets."""
    lines = [
        "| fences | around a ping | ours, CPU µs a ping | linear scan | Turf.js + R-tree | ours, checks a second |",
        "|--:|--:|--:|--:|--:|--:|",
    ]
    for row in rows:
        node = f"{row.turf.us_per_ping:.2f}" if row.turf else "–"
        us = row.ours.us_per_ping
        scan = row.linear.us_per_ping
        lines.append(f"| {row.count:,} | {row.ours.hits:.2f} | {us:.2f} | {scan:.1f} | {node} | {1e6 / us:,.0f} |")
    cost = {row.count: row.ours.us_per_ping for row in rows}
    said = []
    if 10_000 in cost:
        said.append(f"At 10,000 fences {cost[10_000]:.2f} µs a ping; wanted were {TARGET_US} at most.")
    if {1_000, 100_000} <= cost.keys():
        said.append(f"100,000 cost {cost[100_000] / cost[1_000]:.2f} times 1,000; wanted was {TARGET_GROWTH} at most.")
    return "\n".join(lines) + "\n\n" + " ".join(said)


def main() -> None:
    """Print the table."""
    words = argparse.ArgumentParser(prog="python -m bench.fences", description=__doc__)
    words.add_argument("--counts", type=int, nargs="+", default=list(COUNTS))
    words.add_argument("--rounds", type=int, default=20, help="pings of each of the 2000 riders")
    words.add_argument("--no-peers", action="store_true", help="without Node")
    words.add_argument("--markdown", type=Path, help="write the table into this page as well")
    given = words.parse_args()
    busy = busy_percent()
    if not given.no_peers:
        install_peers()
    text = table(list(measured(given.counts, max(given.rounds, WARM + 1), not given.no_peers)))
    print(text)
    if given.markdown:
        put("fences", f"{source('python -m bench.fences', busy)}\n\n{text}", given.markdown)


if __name__ == "__main__":
    main()
