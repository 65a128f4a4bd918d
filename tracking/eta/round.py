"""The stops a rider makes before an order's door: those of the other orders they carry come in between.

Nobody tells in which order riders go. They are taken to go to the nearest stop next, to a door only after its shop;
what they carry beyond MOST_HALTS stops is not looked at.
"""

from collections.abc import Sequence
from typing import NamedTuple

from city.routing.way import Place
from geo.point import distance_m
from tracking.delivery import Delivery, Phase, phase

MOST_HALTS = 8


class Halt(NamedTuple):
    """A stop: the shop of an order, or its door."""

    order: str
    is_pickup: bool
    place: Place


def halts(here: Place, carried: Sequence[Delivery], order: str) -> list[Halt]:
    """From here to the order's door, which comes last; empty when it has none to come to."""
    open_, doors = _open(carried)
    made: list[Halt] = []
    while open_:
        nearest = min(open_, key=lambda halt: (distance_m(*here, *halt.place), halt.order))
        open_.remove(nearest)
        made.append(nearest)
        here = nearest.place
        if nearest.is_pickup and nearest.order in doors:
            open_.append(doors[nearest.order])
        elif nearest.order == order and not nearest.is_pickup:
            return made if len(made) <= MOST_HALTS else [halt for halt in made if halt.order == order]
    return []


def _open(carried: Sequence[Delivery]) -> tuple[list[Halt], dict[str, Halt]]:
    """Where the rider may go at once, and the doors that come after their shops."""
    at_once: list[Halt] = []
    doors: dict[str, Halt] = {}
    for each in sorted({each.order: each for each in carried}.values(), key=lambda each: each.order):
        now = phase(each)
        if each.dropoff is not None and now in (Phase.TO_SHOP, Phase.TO_DOOR):
            doors[each.order] = Halt(each.order, False, each.dropoff)
        if now is Phase.TO_SHOP and each.pickup is not None:
            at_once.append(Halt(each.order, True, each.pickup))
        elif each.order in doors and now is Phase.TO_DOOR:
            at_once.append(doors[each.order])
    return at_once, doors
