"""Do fences flap? Real phones that lie still beside an edge, and walks along and across one with lying accuracies.

`python -m bench.fence_flaps --phones FILE` counts events of ours and of a naive point test, which believes each fix.
FILE is a table of phones with `phone, timeline, fix_ts, lat, lon, accuracy_m`; without it only the walks run.
"""

import argparse
import csv
import gzip
import random
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable
from math import cos, pi, radians, sin
from pathlib import Path

from bench.page import busy_percent, put, source
from geo.fences.engine import advance
from geo.fences.fence import Fence
from geo.fences.shape import METRES_A_DEGREE, Shape, circle
from geo.fences.table import FenceTable
from geo.fences.track import Ping, RiderState
from geo.point import moved

RADII_M = (50.0, 100.0, 200.0)
GAPS_M = (0.0, 5.0, 10.0, 20.0, 30.0)
DIRECTIONS = 8
KNOWN_M = 50.0
STILL = "stationary_only"
HOME = (14.5995, 120.9842)
LONG_VISIT_S = 60.0
Rows = dict[str, list[Ping]]


def read_still(path: Path) -> Rows:
    """The fixes of each phone that did not move, by time."""
    rows: Rows = defaultdict(list)
    with gzip.open(path, "rt") as file:
        for row in csv.DictReader(file):
            if STILL in row["timeline"]:
                name = f"{row['phone']} {row['timeline']} {row['run']}"
                accuracy = float(row["accuracy_m"]) if row["accuracy_m"] else None
                at_ms = round(float(row["fix_ts"]) * 1000)
                rows[name].append(Ping(name, at_ms, float(row["lat"]), float(row["lon"]), accuracy))
    for fixes in rows.values():
        fixes.sort(key=lambda fix: fix.ts)
    return rows


def place_of(fixes: list[Ping]) -> tuple[float, float] | None:
    """Where a still phone lay: the median of what it knew well; None where it never did."""
    good = [fix for fix in fixes if fix.accuracy is not None and fix.accuracy <= KNOWN_M]
    if not good:
        return None
    return statistics.median(fix.lat for fix in good), statistics.median(fix.lng for fix in good)


def ours(shape: Shape, fixes: Iterable[Ping]) -> Counter[str]:
    """How many of each kind the engine tells of, one fix at a time."""
    table, state = FenceTable([Fence("f", shape)]), RiderState()
    return Counter(event.kind for fix in fixes for event in advance(table, {fix.rider: state}, [fix]))


def naive(shape: Shape, fixes: Iterable[Ping]) -> Counter[str]:
    """The same of a test that believes each fix."""
    told: Counter[str] = Counter()
    inside = False
    for fix in fixes:
        now = shape.distance_m(fix.lat, fix.lng) <= 0
        if now != inside:
            told["enter" if now else "exit"] += 1
        inside = now
    return told


def still_table(rows: Rows) -> str:
    """A line for each radius and distance: events by ours and by the naive test, over all phones and directions."""
    places = {name: place for name, fixes in rows.items() if (place := place_of(fixes)) is not None}
    lines = [
        f"{len(places)} phones that lay still, {sum(len(rows[name]) for name in places):,} fixes; {DIRECTIONS}"
        f" directions, so {DIRECTIONS * len(places)} circles a cell. Ours, enters and exits / naive, events:",
        "",
        "| edge from the phone, m | " + " | ".join(f"radius {radius_m:.0f} m" for radius_m in RADII_M) + " |",
        "|--:" * (1 + len(RADII_M)) + "|",
    ]
    for gap_m in GAPS_M:
        cells = []
        for radius_m in RADII_M:
            mine, theirs = Counter[str](), Counter[str]()
            for name, (lat, lng) in places.items():
                for turn in range(DIRECTIONS):
                    shape = circle(*moved(lat, lng, 360.0 * turn / DIRECTIONS, radius_m + gap_m), radius_m)
                    mine += ours(shape, rows[name])
                    theirs += naive(shape, rows[name])
            cells.append(f"{mine['enter']} and {mine['exit']} / {theirs.total()}")
        lines.append(f"| {gap_m:.0f} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


class Walk:
    """A straight walk past or through a circle at HOME, seen through a phone whose errors and claims are its own."""

    def __init__(self, dice: random.Random) -> None:
        self.radius_m = dice.uniform(100.0, 300.0)
        self.error_m = dice.uniform(5.0, 50.0)
        self.claims = dice.choice(["honest", "boasts", "dithers"])
        self.every_s = dice.choice([1.0, 2.0, 5.0])
        self.speed_mps = dice.uniform(1.0, 3.0)
        self.is_across = dice.random() < 0.5
        offset = dice.uniform(-0.5, 0.5) * self.radius_m if self.is_across else self.radius_m + dice.uniform(5.0, 60.0)
        heading, start_m = dice.uniform(0, 2 * pi), -(self.radius_m + 400.0)
        self.visit_s = 2 * (max(0.0, self.radius_m**2 - offset**2) ** 0.5) / self.speed_mps
        self.fixes: list[Ping] = []
        t = 0.0
        while (along := start_m + self.speed_mps * t) < -start_m:
            x = along * cos(heading) - offset * sin(heading) + dice.gauss(0, self.error_m / 1.5)
            y = along * sin(heading) + offset * cos(heading) + dice.gauss(0, self.error_m / 1.5)
            lat, lng = HOME[0] + y / METRES_A_DEGREE, HOME[1] + x / METRES_A_DEGREE / cos(radians(HOME[0]))
            self.fixes.append(Ping("w", round(1000 * t) + 1, lat, lng, self._claim(dice)))
            t += self.every_s

    def _claim(self, dice: random.Random) -> float:
        if self.claims == "honest":
            return self.error_m
        return 3.0 if self.claims == "boasts" else self.error_m * dice.choice([0.1, 0.5, 1.0, 3.0])

    @property
    def wanted(self) -> dict[str, int]:
        """What should be told."""
        return {"enter": 1, "exit": 1} if self.is_across and self.visit_s > LONG_VISIT_S else {}


def walk_table(count: int, seeds: list[int]) -> str:
    """How many walks were told exactly, by ours and by the naive test, seed by seed."""
    lines = [
        f"{count} walks a seed, past circles and through them; told exactly of those through and past:", "",
        "| seed | through, ours | naive | past, ours | naive | events: true | ours | naive |", "|--:" * 8 + "|",
    ]
    for seed in seeds:
        right, told = Counter[str](), Counter[str]()
        dice = random.Random(seed)
        for _ in range(count):
            walk = Walk(dice)
            shape = circle(*HOME, walk.radius_m)
            kind = "through" if walk.is_across else "past"
            mine, theirs = ours(shape, walk.fixes), naive(shape, walk.fixes)
            right[kind] += 1
            right["ours " + kind] += dict(mine) == walk.wanted
            right["naive " + kind] += dict(theirs) == walk.wanted
            told += Counter({"ours": mine.total(), "naive": theirs.total(), "true": sum(walk.wanted.values())})
        cells = [f"{right[who + kind]} of {right[kind]}" for kind in ("through", "past") for who in ("ours ", "naive ")]
        lines.append(f"| {seed} | " + " | ".join(cells) + f" | {told['true']} | {told['ours']} | {told['naive']} |")
    return "\n".join(lines)


def main() -> None:
    """Print both tables."""
    words = argparse.ArgumentParser(prog="python -m bench.fence_flaps", description=__doc__)
    words.add_argument("--phones", type=Path, help="locations.csv.gz of recorded phones")
    words.add_argument("--walks", type=int, default=1000)
    words.add_argument("--seeds", type=int, nargs="+", default=[7, 1, 2, 3])
    words.add_argument("--markdown", type=Path, help="write the tables into this page as well")
    given = words.parse_args()
    busy = busy_percent()
    parts = [still_table(read_still(given.phones))] if given.phones else []
    text = "\n\n".join([*parts, walk_table(given.walks, given.seeds)])
    print(text)
    if given.markdown:
        put("fence_flaps", f"{source('python -m bench.fence_flaps', busy)}\n\n{text}", given.markdown)


if __name__ == "__main__":
    main()
