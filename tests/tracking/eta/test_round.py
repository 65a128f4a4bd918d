"""An order behind another one: which stops come before its door."""

from hypothesis import given
from hypothesis import strategies as some

from geo.point import moved
from tracking.delivery import Delivery
from tracking.eta.round import MOST_HALTS, halts

HERE = (41.15, -8.61)


def east(metres: float) -> tuple[float, float]:
    """So far east of the rider."""
    return moved(*HERE, 90.0, metres)


def order(name: str, door_m: float, shop_m: float | None = None) -> Delivery:
    """An order whose door is so far away; with a shop, one that is still to be fetched there."""
    return Delivery(
        order=name, rev=1, status="accepted" if shop_m is not None else "picked_up", rider="r1",
        pickup=east(shop_m if shop_m is not None else 0), dropoff=east(door_m),
    )


def names(carried: list[Delivery], of: str) -> list[str]:
    """The stops up to the order's door: `a` is a's door, `a'` its shop."""
    return [halt.order + ("'" if halt.is_pickup else "") for halt in halts(HERE, carried, of)]


def test_an_order_alone_has_its_own_stops() -> None:
    """The door; before pick-up the shop first."""
    assert ["a"] == names([order("a", 500)], "a")
    assert ["a'", "a"] == names([order("a", 100, shop_m=900)], "a")


def test_the_nearest_stop_comes_next() -> None:
    """What lies on the way is done on the way, what lies behind comes after."""
    carried = [order("a", 3000), order("b", 800), order("c", 5000, shop_m=2000)]
    assert ["b"] == names(carried, "b")
    assert ["b", "c'", "a"] == names(carried, "a")
    assert ["b", "c'", "a", "c"] == names(carried, "c")


def test_what_is_over_or_nobodys_is_no_stop() -> None:
    """Delivered, cancelled and unknown orders have none."""
    over = Delivery(order="a", rev=5, status="delivered", rider="r1", pickup=HERE, dropoff=HERE)
    assert (["b"], []) == (names([over, order("b", 500)], "b"), names([over], "a"))


@given(some.lists(some.tuples(some.floats(1, 9000), some.none() | some.floats(1, 9000)), min_size=1, max_size=12))
def test_every_order_comes_to_its_door_once(places: list[tuple[float, float | None]]) -> None:
    """The door is last and a shop before its door, however many are carried; too many, and it is alone."""
    carried = [order(f"o{number:02}", *place) for number, place in enumerate(places)]
    for each in carried:
        made = names(carried, each.order)
        assert each.order == made[-1]
        assert len(made) == len(set(made)) <= MOST_HALTS
        assert all(f"{name}'" not in made[made.index(name) :] for name in made)
