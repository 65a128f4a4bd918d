"""What each kind of channel shows, to whom, over real sockets and between two processes."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from client.errors import RequestRefused
from tests.api.channels.conftest import Town
from tests.api.channels.town import Ride, position, shown, watching
from tests.waiting import until
from tracking.silence import sweep


async def test_a_customer_follows_the_rider_from_coarse_to_exact_to_nothing(town: Town) -> None:
    """A rider in one process, a customer in the other: rounded until pick-up, exact until delivery, then gone."""
    here, there = town
    order = await here.assign(await here.place(), "r1")
    async with here.person("rider:r1") as phone, there.person("customer:c1") as customer:
        ride, page = Ride(phone), await watching(customer, f"order:{order.id}")
        state = page.view.state
        assert ("order_placed", order.rev, "r1") == (state["status"], state["rev"], state["rider_id"])
        await ride.at(41.14961, -8.61099)
        coarse = await position(page, "r1", 41.15)
        assert (-8.611, 3) == (coarse["lng"], coarse["precision"])
        assert not {"accuracy", "speed", "heading"} & set(coarse)
        order = await here.bring_to(order, "picked_up")
        await ride.at(41.15013, -8.61077)
        exact = await position(page, "r1", 41.15013)
        assert (-8.61077, None, 4.0) == (exact["lng"], exact.get("precision"), exact["speed"])
        await here.bring_to(order, "delivered")
        await page.until(lambda view: not view.positions and view.items[-1]["status"] == "delivered")
        await ride.at(41.1502, -8.61077)
        again = await watching(customer, f"order:{order.id}")
        assert "position" not in again.view.state
        assert {} == shown(page)


async def test_a_vendor_and_staff_see_the_rider_exactly_from_assignment_on(town: Town) -> None:
    """The shop knows when the rider comes."""
    here, there = town
    order = await here.assign(await here.place(), "r1")
    async with (
        here.person("rider:r1") as phone, there.person("vendor:v1") as vendor, there.person("dispatcher:d1") as staff,
    ):
        pages = [await watching(who, f"order:{order.id}") for who in (vendor, staff, phone)]
        await Ride(phone).at(41.14961, -8.61099)
        for page in pages:
            assert 41.14961 == (await position(page, "r1", 41.14961))["lat"]


async def test_a_relieved_rider_is_sent_out_and_no_longer_shown(town: Town) -> None:
    """Re-assignment in one process takes the old rider's right and position away in the other."""
    here, there = town
    order = await here.assign(await here.place(), "r1")
    async with (
        there.person("rider:r1") as old, here.person("rider:r2") as new, there.person("customer:c1") as customer,
    ):
        page, own = await watching(customer, f"order:{order.id}"), await watching(old, f"order:{order.id}")
        await Ride(old).at(41.149, -8.61)
        await position(page, "r1", 41.149)
        await here.assign(order, "r2")
        await own.until(lambda view: view.refused is not None)
        assert "forbidden" == (own.view.refused or {})["code"]
        await page.until(lambda view: not view.positions)
        await Ride(new).at(41.155, -8.61)
        await position(page, "r2", 41.155)
        assert {"r2": 41.155} == shown(page)


async def test_a_dispatchers_map_shows_who_is_inside_whoever_they_talk_to(town: Town) -> None:
    """Riders known from before come with the state, moves as they happen, and who leaves is taken off."""
    here, there = town
    async with (
        here.person("rider:r1") as first, there.person("rider:r2") as second, there.person("dispatcher:d1") as staff,
    ):
        ride, other = Ride(first), Ride(second)
        await ride.at(41.1496, -8.61)
        plan = await watching(staff, "area:-8.7,41.1,-8.5,41.2")
        assert ({"r1": 41.1496}, []) == (shown(plan), plan.view.state["clusters"])
        await other.at(41.1497, -8.61)
        await position(plan, "r2", 41.1497)
        await asyncio.gather(ride.at(41.1498, -8.61), other.at(41.1499, -8.61))
        await position(plan, "r1", 41.1498)
        moved = await watching(staff, "area:-8.62,41.1499,-8.5,41.2")
        await staff.unsubscribe("area:-8.7,41.1,-8.5,41.2")
        assert {"r2": 41.1499} == shown(moved)
        await other.at(41.1495, -8.61)
        await moved.until(lambda view: not view.positions)


@pytest.mark.parametrize(
    ("who", "channel", "code"),
    [
        ("customer:c1", "area:-8.7,41.1,-8.5,41.2", "forbidden"), ("rider:r1", "area:-8.7,41.1,-8.5,41.2", "forbidden"),
        ("dispatcher:d1", "area:-8.5,41.1,-8.7,41.2", "bad_request"), ("dispatcher:d1", "area:1,2,3", "bad_request"),
        ("dispatcher:d1", "area:nan,1,2,3", "bad_request"), ("customer:c1", "rider:r1", "forbidden"),
        ("rider:r2", "rider:r1", "forbidden"), ("customer:c1", "ops", "forbidden"),
        ("vendor:v2", "vendor:v1", "forbidden"), ("dispatcher:d1", "vendor:v1", "forbidden"),
        ("customer:c1", "user:c2", "forbidden"), ("customer:c2", "order:", "not_found"),
        ("dispatcher:d1", "ops:x", "not_found"),
    ],
)
async def test_who_may_not_watch_is_told_so(town: Town, who: str, channel: str, code: str) -> None:
    """Every channel refuses strangers, and what is not a channel."""
    async with town[0].person(who) as session:
        with pytest.raises(RequestRefused) as refusal:
            await session.subscribe(channel)
        assert code == refusal.value.code


async def test_an_order_is_closed_to_strangers(town: Town) -> None:
    """Another customer, another shop and a rider who does not carry it see nothing of an order."""
    order = await town[0].assign(await town[0].place(), "r1")
    for who in ("customer:c2", "vendor:v2", "rider:r2", "customer:v1", "vendor:c1"):
        async with town[1].person(who) as session:
            with pytest.raises(RequestRefused) as refusal:
                await session.subscribe(f"order:{order.id}")
            assert "forbidden" == refusal.value.code


async def test_staff_see_a_rider_come_online_in_another_process(town: Town) -> None:
    """Presence crosses processes, by push and by state."""
    here, there = town
    async with there.person("dispatcher:d1") as staff:
        page = await watching(staff, "rider:r1")
        assert "offline" == page.view.state["presence"]["state"]
        async with here.person("rider:r1"):
            await page.until(lambda view: view.latest[("presence", "r1")]["state"] == "online")
            again = await watching(staff, "rider:r1")
            assert "online" == again.view.state["presence"]["state"]


async def test_somebody_watching_makes_the_phone_report_often(town: Town) -> None:
    """Staff at `rider:` make the rider watched; the rider's own phone does not."""
    here, there = town
    async with here.person("rider:r1") as phone, there.person("dispatcher:d1") as staff:
        await watching(phone, "rider:r1")
        assert not here.watch.riders["r1"].is_watched
        await watching(staff, "rider:r1")
        await until(lambda: there.store.redis.hget(f"{there.store.prefix}:watched", "r1"))


async def test_a_vendor_starts_with_the_open_orders_and_hears_of_new_ones(town: Town) -> None:
    """The state lists what is open, the log tells what comes."""
    here, there = town
    ended = await here.bring_to(await here.assign(await here.place(), "r1"), "delivered")
    order = await here.place()
    async with there.person("vendor:v1") as vendor:
        shop = await watching(vendor, "vendor:v1")
        assert [order.id] == [each["id"] for each in shop.view.state["orders"]]
        assert ended.id in {item["order"] for item in shop.view.items}
        another = await here.place()
        await shop.until(lambda view: view.items[-1]["order"] == another.id)


async def test_ops_counts_and_hears_of_silent_riders_once(town: Town) -> None:
    """Counters come with the state; a rider who carries an order and falls silent is told once."""
    here, there = town
    order = await here.assign(await here.place(), "r1")
    async with (
        here.person("rider:r1") as phone, here.person("rider:r9") as idle, there.person("dispatcher:d1") as staff,
    ):
        await Ride(phone).at(41.14961, -8.61099)
        await Ride(idle).at(41.14961, -8.61099)
        desk = await watching(staff, "ops")
        counters = desk.view.state["counters"]
        assert (2, {"order_placed": 1}) == (counters["riders"], counters["orders"])

        async def carrying(riders: Sequence[str]) -> Mapping[str, str]:
            return await here.orders.carried(list(riders))

        async def tell(item: dict[str, object]) -> None:
            await here.feed.announce("ops", await here.log.append("ops", item), item)

        await until(lambda: sweep(here.store, carrying, tell, silent_after_s=0))
        assert 0 == await sweep(here.store, carrying, tell, silent_after_s=0)
        await desk.until(lambda view: view.items[-1]["type"] == "silent")
        assert ("r1", order.id) == (desk.view.items[-1]["rider"], desk.view.items[-1]["order"])
