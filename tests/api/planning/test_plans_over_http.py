"""Plans over HTTP: who may ask, what is refused, and that a plan stops nothing else."""

from typing import Any

import pytest

from tests.api.serving import DOOR, SHOP, Service

STOP = {"id": "o1", **DOOR}
BODY: dict[str, Any] = {"riders": [{"start": SHOP}], "stops": [STOP]}
MANY = [{"id": f"s{i}", **DOOR} for i in range(101)]
MISFITS: list[tuple[str, dict[str, Any]]] = [
    ("riders", {"stops": [STOP]}),
    ("riders", {"riders": [], "stops": [STOP]}),
    ("riders", {"riders": [{"start": SHOP}, {"start": DOOR}], "stops": [STOP]}),
    ("stops", {"riders": [{"start": SHOP}]}),
    ("stops", {**BODY, "stops": MANY}),
    ("stops", {**BODY, "stops": [STOP, STOP]}),
    ("stops[0].lat", {**BODY, "stops": [{"id": "o1", "lat": 91, "lng": 0}]}),
    ("stops[0].windows[0].until", {**BODY, "stops": [{**STOP, "windows": [{"until": "2026-11-21T12:00:00"}]}]}),
    ("riders[0].shift", {**BODY, "riders": [{"start": SHOP, "shift": {"until": "2020-01-01T00:00:00Z"}}]}),
]


async def test_staff_get_a_plan_and_nobody_else(service: Service) -> None:
    """A dispatcher gets a round that starts at the shop; a rider and a customer are refused."""
    plan = await service.person("dispatcher", "d1").post("/api/routes/optimize", BODY)
    assert 200 == plan.status_code, plan.text
    assert [("start", None), ("stop", "o1")] == [(s["kind"], s["id"]) for s in plan.json()["rounds"][0]["steps"]]
    assert ("straight", []) == (plan.json()["basis"], plan.json()["left_over"])
    refused = [
        (await service.person(role, "x1").post("/api/routes/optimize", BODY)).status_code
        for role in ("rider", "customer", "vendor")
    ]
    assert [403] * 3 == refused


@pytest.mark.parametrize(("field", "body"), MISFITS)
async def test_what_does_not_fit_is_refused_by_name(service: Service, field: str, body: dict[str, Any]) -> None:
    """A request that cannot be meant is 400 and names the part at fault."""
    answer = await service.person("admin", "a1").post("/api/routes/optimize", body)
    assert (400, field) == (answer.status_code, answer.json().get("field")), answer.text


async def test_a_hundred_places_are_planned(service: Service) -> None:
    """The most that may be asked is answered within the solver's time."""
    stops = [
        {"id": f"s{i}", "lat": SHOP["lat"] + (i * 37 % 100) / 4000, "lng": SHOP["lng"] + (i * 61 % 100) / 4000}
        for i in range(100)
    ]
    body = {"riders": [{"id": f"r{i}", "start": SHOP, "capacity": 50} for i in range(4)], "stops": stops}
    plan = (await service.person("admin", "a1").post("/api/routes/optimize", body)).json()
    assert [] == plan["left_over"]
    assert 100 == sum(step["kind"] == "stop" for each in plan["rounds"] for step in each["steps"])
