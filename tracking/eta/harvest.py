"""What a finished delivery teaches: the way from the shop to the door, ended where the rider first stood at it."""

from collections.abc import Sequence
from itertools import pairwise

from geo.point import distance_m
from tracking.eta.samples import Point, Trip

AT_THE_DOOR_M = 60.0
SHORTEST_S, LONGEST_S = 120.0, 3 * 3600.0
FEWEST_POINTS = 5
LONGEST_GAP_S = 180.0


def harvest(order: str, points: Sequence[Point], door: tuple[float, float], delivered_s: float) -> Trip | None:
    """The trip, or None where it teaches nothing: too short, too long, full of gaps, or never near the door.

    `points` from pick-up on, in order of time. A rider who waits at the door has arrived: the trip ends there.
    """
    kept: list[Point] = []
    for point in points:
        if point[0] > delivered_s:
            break
        kept.append(point)
        if distance_m(point[1], point[2], *door) <= AT_THE_DOOR_M:
            break
    if not kept or distance_m(kept[-1][1], kept[-1][2], *door) > AT_THE_DOOR_M:
        return None
    gaps = [after[0] - before[0] for before, after in pairwise(kept)]
    took_s = kept[-1][0] - kept[0][0]
    if len(kept) < FEWEST_POINTS or not SHORTEST_S <= took_s <= LONGEST_S or max(gaps) > LONGEST_GAP_S:
        return None
    return Trip(order, (*kept[:-1], (kept[-1][0], *door)))
