"""Orders over HTTP, by everybody: who may do what, what is refused, what comes back."""

import asyncio
from itertools import product
from typing import Any

import pytest

from tests.api.serving import CHAIN, DOOR, SHOP, Person, Service

BODY: dict[str, Any] = {"vendor_id": "v1", "pickup": SHOP, "dropoff": DOOR}
# What each person gets on order of c1, v1, r1 at `ready`: 2 allowed, 403 known to the order but not theirs to do,
# 404 for whom the order does not exist.
ACTIONS = ("read", "tracking", "track", "assign", "preparing", "picked_up", "cancel", "share", "unshare")
EXPECTED: dict[str, dict[str, int]] = {
    "admin": dict.fromkeys(ACTIONS, 200) | {"preparing": 409},
    "dispatcher": dict.fromkeys(ACTIONS, 200) | {"preparing": 409},
    "customer": dict.fromkeys(ACTIONS, 200) | {"assign": 403, "preparing": 403, "picked_up": 403},
    "vendor": dict.fromkeys(ACTIONS, 200) | {
        "track": 403, "assign": 403, "preparing": 409, "picked_up": 403, "share": 403, "unshare": 403
    },
    "rider": dict.fromkeys(ACTIONS, 403) | {
        "read": 200, "tracking": 200, "track": 200, "preparing": 409, "picked_up": 200
    },
    "guest": dict.fromkeys(ACTIONS, 403) | {"tracking": 200},
    "other customer": dict.fromkeys(ACTIONS, 404),
    "other vendor": dict.fromkeys(ACTIONS, 404),
    "other rider": dict.fromkeys(ACTIONS, 404),
    "other guest": dict.fromkeys(ACTIONS, 404),
    "customer called v1": dict.fromkeys(ACTIONS, 404),
    "nobody": dict.fromkeys(ACTIONS, 401),
}


async def act(person: Person, order_id: str, action: str) -> int:
    path = f"/api/orders/{order_id}"
    match action:
        case "read":
            answer = await person.get(path)
        case "tracking" | "track":
            answer = await person.get(f"{path}/{action}")
        case "assign":
            answer = await person.post(f"{path}/assign", {"rider_id": "r1"})
        case "cancel" | "share":
            answer = await person.post(f"{path}/{action}")
        case "unshare":
            answer = await person.delete(f"{path}/share")
        case status:
            answer = await person.post(f"{path}/status", {"status": status})
    return 200 if answer.is_success else answer.status_code


async def people(service: Service, order_id: str) -> dict[str, Person]:
    admin = service.person("admin", "a1")
    shown = [order_id, await service.order()]
    links = [(await admin.post(f"/api/orders/{each}/share")).json()["token"] for each in shown]
    return {
        "admin": admin, "dispatcher": service.person("dispatcher", "d1"), "customer": service.person("customer", "c1"),
        "vendor": service.person("vendor", "v1"), "rider": service.person("rider", "r1"),
        "guest": service.someone(links[0]), "other customer": service.person("customer", "c2"),
        "other vendor": service.person("vendor", "v2"), "other rider": service.person("rider", "r2"),
        "other guest": service.someone(links[1]), "customer called v1": service.person("customer", "v1"),
        "nobody": service.someone("not-a-token"),
    }


async def test_who_may_do_what_to_an_order(service: Service) -> None:
    """Every person by every action, each on a fresh order: what the table does not allow is denied."""
    found: dict[str, dict[str, int]] = {}
    for action in ACTIONS:
        order_id = await service.order(rider="r1")
        await service.person("admin", "a1").steps(order_id, "accepted", "preparing", "ready")
        crowd = await people(service, order_id)
        for name, person in crowd.items():
            theirs = order_id
            if action in ("picked_up", "cancel", "unshare") and EXPECTED[name][action] == 200:
                theirs = await service.order(rider="r1")
                await crowd["admin"].steps(theirs, "accepted", "preparing", "ready")
            found.setdefault(name, {})[action] = await act(person, theirs, action)
    assert EXPECTED == found


async def test_an_order_walks_to_the_door(service: Service) -> None:
    """Vendor and rider take it through all statuses; the events tell so in order."""
    order_id = await service.order(rider="r1")
    await service.person("vendor", "v1").steps(order_id, *CHAIN[:3])
    last = await service.person("rider", "r1").steps(order_id, *CHAIN[3:])
    assert ["order_placed", *CHAIN] == [event["status"] for event in last["tracking_events"]]
    times = [event["timestamp"] for event in last["tracking_events"]]
    assert sorted(times) == times
    assert ("delivered", 8, []) == (last["status"], last["rev"], last["next"])


async def test_an_illegal_step_is_409_and_names_the_open_ones(service: Service) -> None:
    """A jump is refused, and nothing is changed by it."""
    order_id, admin = await service.order(), service.person("admin", "a1")
    answer = await admin.post(f"/api/orders/{order_id}/status", {"status": "delivered"})
    assert (409, "illegal_step", ["accepted", "cancelled"]) == (
        answer.status_code, answer.json()["code"], answer.json()["allowed"]
    )
    order = (await admin.get(f"/api/orders/{order_id}")).json()
    assert ("order_placed", 1) == (order["status"], order["rev"])


@pytest.mark.parametrize("taken", range(len(CHAIN)))
async def test_cancelling_ends_with_the_pick_up(service: Service, taken: int) -> None:
    """Before pick-up a customer may cancel, from then on nobody."""
    order_id = await service.order()
    if taken:
        await service.person("admin", "a1").steps(order_id, *CHAIN[:taken])
    answer = await service.person("customer", "c1").post(f"/api/orders/{order_id}/cancel", {"note": "changed my mind"})
    assert (200 if taken < CHAIN.index("picked_up") + 1 else 409) == answer.status_code


async def test_a_customer_orders_for_themselves(service: Service) -> None:
    """Their sub is the customer; ordering in another's name is refused."""
    customer = service.person("customer", "c1")
    placed = await customer.post("/api/orders", BODY)
    assert (201, "c1", f"/api/orders/{placed.json()['id']}") == (
        placed.status_code, placed.json()["customer_id"], placed.headers["location"]
    )
    assert 403 == (await customer.post("/api/orders", BODY | {"customer_id": "c2"})).status_code


@pytest.mark.parametrize("role", ["vendor", "rider", "dispatcher"])
async def test_others_place_no_orders(service: Service, role: Any) -> None:
    """Only customers and an integrator with an admin token."""
    answer = await service.person(role, "x1").post("/api/orders", BODY | {"customer_id": "c1"})
    assert 403 == answer.status_code


async def test_the_same_idempotency_key_gives_the_same_order(service: Service) -> None:
    """A retry changes nothing; the key with another body, or from another person, is not the same."""
    customer, key = service.person("customer", "c1"), {"Idempotency-Key": "k1"}
    first = await customer.post("/api/orders", BODY, headers=key)
    again = await customer.post("/api/orders", BODY, headers=key)
    other_body = await customer.post("/api/orders", BODY | {"vendor_id": "v2"}, headers=key)
    other_person = await service.person("customer", "c2").post("/api/orders", BODY, headers=key)
    assert (201, 201, first.json()) == (first.status_code, again.status_code, again.json())
    assert ("true", None) == (again.headers.get("idempotency-replayed"), first.headers.get("idempotency-replayed"))
    assert (409, "key_reused") == (other_body.status_code, other_body.json()["code"])
    assert other_person.json()["id"] != first.json()["id"]


async def test_lists_hold_ones_own_newest_first_by_pages(service: Service) -> None:
    """Each party sees its own, staff see all, and pages join without a gap or a double."""
    ids = [await service.order(customer=f"c{number % 2}", vendor="v1") for number in range(5)]
    customer, vendor = service.person("customer", "c0"), service.person("vendor", "v1")
    assert ids[::-2] == [order["id"] for order in (await customer.get("/api/orders")).json()["items"]]
    read: list[str] = []
    after: str | None = None
    while True:
        page = (await vendor.get("/api/orders", params={"limit": 2, **({"after": after} if after else {})})).json()
        read += [order["id"] for order in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert ids[::-1] == read
    assert 5 == len((await service.person("dispatcher", "d1").get("/api/orders")).json()["items"])
    assert [] == (await service.person("rider", "r9").get("/api/orders")).json()["items"]


async def test_a_stale_revision_is_refused(service: Service) -> None:
    """Who says which revision they saw is told when it is not the newest."""
    order_id, admin = await service.order(), service.person("admin", "a1")
    late = await admin.post(f"/api/orders/{order_id}/status", {"status": "accepted", "rev": 7})
    fine = await admin.post(f"/api/orders/{order_id}/status", {"status": "accepted", "rev": 1})
    assert (409, "conflict", 200) == (late.status_code, late.json()["code"], fine.status_code)


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"role": "admin"}, "role"), ({"status": "delivered"}, "status"), ({"total": 0}, "total"),
    ({"pickup": {"lat": 91, "lng": 0}}, "pickup.lat"), ({"dropoff": {"lat": "north", "lng": 0}}, "dropoff.lat"),
    ({"pickup": SHOP | {"alt": 3}}, "pickup"), ({"vendor_id": ""}, "vendor_id"), ({"items": [[1]]}, "items"),
    ({"vendor_id": None}, "vendor_id"),
]


@pytest.mark.parametrize(("wrong", "field"), WRONG, ids=[str(each[0])[:40] for each in WRONG])
async def test_a_wrong_body_is_400_and_names_the_field(service: Service, wrong: dict[str, Any], field: str) -> None:
    """Unknown fields, wrong kinds and values out of range change nothing."""
    answer = await service.person("customer", "c1").post("/api/orders", BODY | wrong)
    problem = answer.json()
    assert (400, "bad_request") == (answer.status_code, problem["code"]), problem
    assert field in problem.get("field", "") + problem["detail"], problem


async def test_parallel_steps_take_the_order_once(service: Service) -> None:
    """Ten people press the same button: one succeeds, nine are told that it is done."""
    order_id, admin = await service.order(), service.person("admin", "a1")
    answers = await asyncio.gather(
        *(admin.post(f"/api/orders/{order_id}/status", {"status": "accepted"}) for _ in range(10))
    )
    assert [200] + [409] * 9 == sorted(answer.status_code for answer in answers)
    assert 2 == (await admin.get(f"/api/orders/{order_id}")).json()["rev"]


def test_the_table_is_complete() -> None:
    """No person and no action is left out."""
    assert all(set(ACTIONS) == set(row) for row in EXPECTED.values())
    assert len(list(product(EXPECTED, ACTIONS))) == sum(len(row) for row in EXPECTED.values())
