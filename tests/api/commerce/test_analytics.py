"""Activity goes in by batches, and a day's dashboard adds up to what happened."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from api.activity.log import truncated
from api.analytics.numbers import at_share, seconds_left, span_of, times
from infra.clients import Database
from tests.api.commerce.shopping import basket, product
from tests.api.serving import CHAIN, Person, Service


def batch(*products: str, **more: Any) -> dict[str, Any]:
    """Product views of one session, just now."""
    now = datetime.now(UTC).isoformat()
    events = [
        {"action": "product_view", "product_id": each, "timestamp": now, "metadata": {"duration": 2.5, "source": "ad"}}
        for each in products
    ]
    return {"session_id": "s1", "events": events, "device_info": {"browser": "Firefox 140", "os": "Linux"}} | more


async def days_of(person: Person, first: date, **asked: str) -> dict[str, Any]:
    """The dashboards of that day and of today, summed where they count: a test may run across midnight."""
    counts = {"placed": 0, "delivered": 0, "cancelled": 0, "views": 0, "revenue": 0, "late": 0}
    for day in sorted({first, datetime.now(UTC).date()}):
        answer = await person.get("/api/analytics/daily", params={"day": day.isoformat(), **asked})
        assert 200 == answer.status_code, answer.text
        told = answer.json()
        for name in ("placed", "delivered", "cancelled"):
            counts[name] += told["orders"][name]
        counts["views"] += told["views"]["total"]
        counts["revenue"] += sum(each["amount"] for each in told["revenue"])
    return counts


async def test_the_dashboard_adds_up(service: Service) -> None:
    """Orders, revenue and views of all vendors for staff, of their own for vendors, of none for the others."""
    today = datetime.now(UTC).date()
    vendor, customer, admin = (
        service.person("vendor", "v1"), service.person("customer", "c1"), service.person("admin", "a1")
    )
    mango = await product(vendor)
    orders = [(await customer.post("/api/orders", basket((mango, 2)))).json()["id"] for _ in range(3)]
    await service.order(vendor="v2", rider="r1")
    await customer.post(f"/api/orders/{orders[0]}/cancel")
    await admin.post(f"/api/orders/{orders[1]}/assign", {"rider_id": "r1"})
    await admin.steps(orders[1], *CHAIN)
    assert 202 == (await customer.post("/api/activity", batch(mango["id"], mango["id"], "elsewhere"))).status_code
    everybody, own = await days_of(admin, today), await days_of(vendor, today)
    assert {"placed": 4, "delivered": 1, "cancelled": 1, "views": 3, "revenue": 5000, "late": 0} == everybody
    assert {"placed": 3, "delivered": 1, "cancelled": 1, "views": 2, "revenue": 5000, "late": 0} == own
    for other in (customer, service.person("rider", "r1")):
        assert 403 == (await other.get("/api/analytics/daily")).status_code
    assert 403 == (await vendor.get("/api/analytics/daily", params={"vendor": "v2"})).status_code


async def test_todays_dashboard_is_kept_until_midnight_at_most(service: Service, redis_client: Any) -> None:
    """By its documented key."""
    await service.person("admin", "a1").get("/api/analytics/daily")
    left = await redis_client.ttl(f"{service.app.settings.key_prefix}:analytics:daily")
    assert 0 < left <= 60


async def test_activity_is_kept_without_the_whole_address(service: Service, database: Database) -> None:
    """Who, where from, what with: the network of the address only, and it goes after the retention."""
    rider = service.person("rider", "r1")
    assert {"accepted": 1} == (await rider.post("/api/activity", batch("p1"))).json()
    kept = await database.activity.find_one({})
    assert kept is not None
    assert ("r1", "s1", "127.0.0.0", "Firefox 140", 2.5) == (
        kept["user_id"], kept["session_id"], kept["device_info"]["ip"], kept["device_info"]["browser"],
        kept["events"][0]["metadata"]["duration"],
    )
    indexes = await database.activity.index_information()
    assert 30 * 86_400 == indexes["retention"]["expireAfterSeconds"]


WRONG: list[dict[str, Any]] = [
    {"events": []}, {"session_id": ""}, {"user_id": "x"},
    {"events": [{"action": "fly", "timestamp": datetime.now(UTC).isoformat()}]},
    {"events": [{"action": "click", "timestamp": "2020-01-01T00:00:00Z"}]},
    {"events": [{"action": "click", "timestamp": "2999-01-01T00:00:00"}]},
]


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: str(wrong)[:40])
async def test_a_wrong_batch_is_refused_whole(service: Service, database: Database, wrong: dict[str, Any]) -> None:
    """Unknown actions, events of another time, fields nobody asked for."""
    answer = await service.person("customer", "c1").post("/api/activity", batch("p1") | wrong)
    assert (400, 0) == (answer.status_code, await database.activity.count_documents({}))


def test_addresses_are_cut() -> None:
    """To 256 addresses, or a site; what is none is not kept."""
    assert ["203.0.113.0", "2001:db8:1::", ""] == [
        truncated(each) for each in ("203.0.113.77", "2001:db8:1:2:3::4", "testclient")
    ]


def test_a_days_numbers() -> None:
    """Mean, median and the slowest tenth; nothing of nothing."""
    told = times([60, 120, 180, 240, 3000], [30, 60], 1)
    assert (720.0, 180, 3000, 45.0, 0.2) == (told.mean_s, told.median_s, told.p90_s, told.ride_mean_s, told.late_share)
    assert (None, None, None) == (times([], [], 0).mean_s, times([], [], 0).late_share, at_share([], 0.5))
    span = span_of(date(2026, 2, 28))
    assert (timedelta(days=1), date(2026, 3, 1)) == (span.until - span.since, span.until.date())
    assert span.first < span.last
    assert (1, 86_400) == (
        seconds_left(datetime(2026, 1, 1, 23, 59, 59, 500_000, tzinfo=UTC)),
        seconds_left(datetime(2026, 1, 1, tzinfo=UTC)),
    )
