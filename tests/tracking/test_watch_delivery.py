"""Who sees the rider of an order, how sharply, and since when."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.delivery import PHASES, SIGHTS, Delivery, Phase, Sight, View, window
from tracking.messages import Fix
from tracking.position import coarse, exact, rank

ASSIGNED, PICKED_UP = 1_000_000, 2_000_000


def fix(ts: int, rider: str = "r1", received: int | None = None) -> Fix:
    """A fix with everything a phone may say."""
    return Fix(rider, 41.14961, -8.61099, ts, ts if received is None else received, 7, 4.5, 3.2, 181.0)


def delivery(status: str, rider: str = "r1") -> Delivery:
    """An order assigned at ASSIGNED and, if its status says so, picked up at PICKED_UP."""
    picked_up = PICKED_UP if PHASES[status] is Phase.TO_DOOR else 0
    return Delivery(order="o1", rev=1, status=status, rider=rider, assigned_at_ms=ASSIGNED, picked_up_at_ms=picked_up)


@pytest.mark.parametrize("view", View)
@pytest.mark.parametrize("status", PHASES)
def test_nobody_sees_a_rider_of_an_order_without_one(view: View, status: str) -> None:
    """Before assignment there is no position, in whatever status."""
    assert Sight.NONE is window(view, delivery(status, rider="")).sight(fix(PICKED_UP + 1, rider=""))


@pytest.mark.parametrize("view", View)
@pytest.mark.parametrize("status", ["delivered", "cancelled", "a status of next year"])
def test_nobody_sees_the_rider_of_an_order_that_ended(view: View, status: str) -> None:
    """Delivered, cancelled and unknown statuses show nothing."""
    ended = Delivery(order="o1", rev=9, status=status, rider="r1", assigned_at_ms=ASSIGNED, picked_up_at_ms=PICKED_UP)
    assert Sight.NONE is window(view, ended).sight(fix(PICKED_UP + 1))


@pytest.mark.parametrize("status", ["order_placed", "accepted", "preparing", "ready"])
def test_before_pick_up_a_customer_sees_coarsely_and_a_vendor_exactly(status: str) -> None:
    """The shop must know when the rider comes; the customer only that one does."""
    seen = [window(view, delivery(status)).sight(fix(ASSIGNED)) for view in (View.PUBLIC, View.SHOP, View.FULL)]
    assert [Sight.COARSE, Sight.EXACT, Sight.EXACT] == seen


@pytest.mark.parametrize("status", ["picked_up", "arriving"])
@pytest.mark.parametrize("view", View)
def test_from_pick_up_on_everybody_in_the_order_sees_exactly(view: View, status: str) -> None:
    """The way to the door belongs to the order."""
    assert Sight.EXACT is window(view, delivery(status)).sight(fix(PICKED_UP))


@pytest.mark.parametrize("view", [View.PUBLIC, View.SHOP])
@pytest.mark.parametrize("status", ["ready", "picked_up"])
def test_where_the_rider_was_before_the_order_is_never_shown(view: View, status: str) -> None:
    """A fix from before assignment stays private, even if it is the newest there is."""
    assert Sight.NONE is window(view, delivery(status)).sight(fix(ASSIGNED - 1))


def test_a_fix_from_before_pick_up_stays_coarse_after_it() -> None:
    """Picking up opens the view on what comes, not on what was."""
    assert Sight.COARSE is window(View.PUBLIC, delivery("picked_up")).sight(fix(PICKED_UP - 1))


def test_a_fast_clock_does_not_date_a_private_place_into_a_shared_time() -> None:
    """A fix received before pick-up counts as from before it, whatever its own time says."""
    assert Sight.COARSE is window(View.PUBLIC, delivery("picked_up")).sight(fix(PICKED_UP + 50, received=PICKED_UP - 1))


def test_only_the_orders_own_rider_is_shown() -> None:
    """Another rider's fix is nothing to this order."""
    assert Sight.NONE is window(View.FULL, delivery("picked_up")).sight(fix(PICKED_UP, rider="r2"))


def test_every_view_has_a_rule_for_every_phase() -> None:
    """No combination is left to chance."""
    assert {(view, phase) for view in View for phase in Phase} == set(SIGHTS)


@given(st.floats(-90, 90), st.floats(-180, 180))
def test_a_coarse_position_says_nothing_but_its_square(lat: float, lng: float) -> None:
    """Rounded to 3 decimals, marked so, and without accuracy, speed or heading."""
    message = coarse(Fix("r1", lat, lng, 5, 6, 7, 4.5, 3.2, 181.0))
    assert {"type", "rider", "lat", "lng", "ts", "received", "seq", "precision"} == set(message)
    assert (round(lat, 3), round(lng, 3), 3) == (message["lat"], message["lng"], message["precision"])


def test_what_a_phone_did_not_say_is_absent() -> None:
    """No field is sent as null."""
    assert {"type", "rider", "lat", "lng", "ts", "received", "seq"} == set(exact(Fix("r1", 1.0, 2.0, 3, 4, 5)))
    assert {"accuracy": 4.5, "speed": 3.2, "heading": 181.0, "stale": True}.items() <= exact(fix(1), stale=True).items()


def test_pushes_of_a_rider_are_ordered_by_generation_then_fix_time_then_age() -> None:
    """A stale mark follows its fix, a newer fix follows that, and a later generation follows everything."""
    ranks = [rank(fix(5)), rank(fix(5), 1), rank(fix(5), 2), rank(fix(6)), rank(fix(2**43), 2), rank(fix(0), 0, 1)]
    assert sorted(set(ranks)) == ranks
