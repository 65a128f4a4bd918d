"""Appointments: one vendor, one customer at a time."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.api.commerce.shopping import product
from tests.api.serving import Service, serving

NOON = (datetime.now(UTC) + timedelta(days=3)).replace(hour=12, minute=0, second=0, microsecond=0)


async def haircut(service: Service) -> str:
    """A service of v1 that takes half an hour; its id."""
    made = await product(
        service.person("vendor", "v1"), name="Haircut", kind="service", stock=None, duration_min=30, category="hair"
    )
    return str(made["id"])


def at(minutes: float, product_id: str, **more: Any) -> dict[str, Any]:
    """A booking so many minutes after noon."""
    return {"product_id": product_id, "starts_at": (NOON + timedelta(minutes=minutes)).isoformat(), **more}


async def test_twenty_at_once_get_one_appointment(service: Service) -> None:
    """Overlapping times, over two processes: one customer has it, the others are told."""
    cut = await haircut(service)
    async with serving(service.app.settings) as second:
        answers = await asyncio.gather(*(
            (service, second)[number % 2].person("customer", f"c{number}").post(
                "/api/appointments", at(number, cut)
            ) for number in range(20)
        ))
    assert [201] + [409] * 19 == sorted(each.status_code for each in answers)
    assert {"slot_taken"} == {each.json()["code"] for each in answers if each.status_code == 409}


async def test_a_cancelled_time_is_free_again(service: Service) -> None:
    """Back to back is no overlap; cancelling is for the two parties, and twice is harmless."""
    cut, one, two = await haircut(service), service.person("customer", "c1"), service.person("customer", "c2")
    first = (await one.post("/api/appointments", at(0, cut))).json()
    after = await two.post("/api/appointments", at(30, cut))
    between = await two.post("/api/appointments", at(15, cut))
    assert (201, 409) == (after.status_code, between.status_code)
    path = f"/api/appointments/{first['id']}/cancel"
    assert 404 == (await two.post(path)).status_code
    answers = [await service.person("vendor", "v1").post(path), await one.post(path)]
    assert [(200, "cancelled")] * 2 == [(each.status_code, each.json()["status"]) for each in answers]
    assert 201 == (await two.post("/api/appointments", at(0, cut))).status_code


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"starts_at": "2020-01-01T00:00:00Z"}, "starts_at"), ({"starts_at": "2999-01-01T00:00:00Z"}, "starts_at"),
     ({"starts_at": NOON.replace(tzinfo=None).isoformat()}, "starts_at"), ({"product_id": "p0"}, "product_id")],
    ids=["over", "too far ahead", "no offset", "no such service"],
)
async def test_a_time_that_cannot_be_is_refused(service: Service, wrong: dict[str, Any], field: str) -> None:
    """The field at fault is named."""
    answer = await service.person("customer", "c1").post("/api/appointments", at(0, await haircut(service)) | wrong)
    assert answer.status_code in (400, 403, 404), answer.text
    assert field == answer.json()["field"]


async def test_lists_hold_ones_own(service: Service) -> None:
    """Both parties and staff see it, strangers do not, and goods cannot be booked."""
    cut, customer = await haircut(service), service.person("customer", "c1")
    made = (await customer.post("/api/appointments", at(0, cut, note="short"))).json()
    goods = await product(service.person("vendor", "v1"))
    assert 400 == (await customer.post("/api/appointments", at(60, goods["id"]))).status_code
    seen = {}
    for role, sub in (("customer", "c1"), ("vendor", "v1"), ("admin", "a1"), ("customer", "c2"), ("vendor", "v2")):
        answer = await service.person(role, sub).get("/api/appointments")  # type: ignore[arg-type]
        seen[f"{role} {sub}"] = [each["id"] for each in answer.json()["items"]]
    mine = [made["id"]]
    assert {"customer c1": mine, "vendor v1": mine, "admin a1": mine, "customer c2": [], "vendor v2": []} == seen
    assert 403 == (await service.person("rider", "r1").get("/api/appointments")).status_code
