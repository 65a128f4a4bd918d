"""Ordering from the catalog: prices are the server's, stock is taken once and given back once."""

import asyncio
from typing import Any

import msgspec
import pytest

from infra.clients import Database
from tests.api.commerce.shopping import basket, product, stock, store
from tests.api.serving import CHAIN, DOOR, SHOP, Service, serving
from tests.waiting import until


async def test_the_server_prices_what_is_ordered(service: Service, database: Database) -> None:
    """Names, prices and the total come from the catalog whatever the client wrote, and leave with the event."""
    vendor, customer = service.person("vendor", "v1"), service.person("customer", "c1")
    mango, tea = await product(vendor), await product(vendor, name="Tea", price=300, stock=None)
    body = basket((mango, 2), (tea, 3))
    body["items"][0] |= {"price": 1, "name": "Gold", "subtotal": 1, "note": "ripe ones"}
    body["items"].append({"name": "a smile", "price": 99})
    order = (await customer.post("/api/orders", body)).json()
    assert (2 * 1250 + 3 * 300, "PHP") == (order["total"], order["currency"])
    assert {
        "product_id": mango["id"], "name": "Mango, ripe", "quantity": 2, "price": 1250, "currency": "PHP",
        "note": "ripe ones",
    } == order["items"][0]
    assert {"name": "a smile", "price": 99} == order["items"][2]
    assert 8 == await stock(customer, mango["id"])
    event = await database.outbox.find_one({"type": "ORDER_CREATED"})
    assert event is not None
    told = event["data"]
    assert (order["id"], "c1", "v1", order["total"], order["items"]) == tuple(
        told[name] for name in ("orderId", "userId", "farmerId", "totalPrice", "items")
    )


async def test_a_foreign_catalogs_items_are_kept_as_given(service: Service) -> None:
    """An integrator with a catalog of its own orders as before: nothing is looked up, and there is no total."""
    items = [{"product_id": "sku-9", "quantity": 2, "price": 5}, {"name": "mango"}]
    body = {"customer_id": "c1", "vendor_id": "v1", "pickup": SHOP, "dropoff": DOOR, "items": items}
    answer = await service.person("admin", "a1").post("/api/orders", body)
    assert (201, items, None) == (answer.status_code, answer.json()["items"], answer.json()["total"])


@pytest.mark.parametrize(
    ("wrong", "status", "code"),
    [({"quantity": 11}, 409, "sold_out"), ({"quantity": 0}, 400, "bad_request"),
     ({"quantity": 1.5}, 400, "bad_request"),
     ({"product_id": "p" + "0" * 14}, 400, "bad_request"), ({"quantity": "2"}, 400, "bad_request")],
    ids=str,
)
async def test_an_order_that_cannot_be_filled_changes_nothing(
    service: Service, database: Database, wrong: dict[str, Any], status: int, code: str
) -> None:
    """Neither an order nor an event is written, and what was taken before the refusal is back."""
    vendor, customer = service.person("vendor", "v1"), service.person("customer", "c1")
    first, mango = await product(vendor), await product(vendor)
    body = basket((first, 1), (mango, 1))
    body["items"][1] |= wrong
    answer = await customer.post("/api/orders", body, headers={"Idempotency-Key": "k"})
    assert (status, code, "items") == (answer.status_code, answer.json()["code"], answer.json()["field"])
    assert (10, 10) == (await stock(customer, first["id"]), await stock(customer, mango["id"]))
    counted = [await database.get_collection(name).count_documents({}) for name in ("orders", "order_keys")]
    assert ([0, 0], None) == (counted, await database.outbox.find_one({"type": "ORDER_CREATED"}))


async def test_others_goods_services_two_currencies_and_closed_stores_are_not_ordered(service: Service) -> None:
    """Each is refused with its reason."""
    one, two = service.person("vendor", "v1"), service.person("vendor", "v2")
    mango, dollars = await product(one), await product(one, currency="USD")
    foreign, cut = await product(two), await product(one, kind="service", stock=None, duration_min=30)
    customer = service.person("customer", "c1")
    found = [
        (await customer.post("/api/orders", basket(*lines))).json()["code"]
        for lines in (((foreign, 1),), ((cut, 1),), ((mango, 1), (dollars, 1)))
    ]
    await store(one)
    await one.http.patch("/api/stores/v1", json={"is_open": False})
    closed = await customer.post("/api/orders", basket((mango, 1)))
    assert (["bad_request"] * 3, "store_closed") == (found, closed.json()["code"])


async def test_a_hundred_orders_on_ten_pieces_are_ten_orders(service: Service) -> None:
    """A hundred at once, over two processes: exactly ten are placed, ninety are told that it is sold out."""
    vendor = service.person("vendor", "v1")
    mango = await product(vendor, stock=10)
    async with serving(service.app.settings) as second:
        people = [(service, second)[number % 2].person("customer", f"c{number}") for number in range(100)]

        async def order(number: int) -> tuple[int, str]:
            while True:  # 503 says: the same again
                answer = await people[number].post(
                    "/api/orders", basket((mango, 1)), headers={"Idempotency-Key": f"k{number}"}
                )
                if answer.status_code != 503:
                    return answer.status_code, answer.json().get("code", "")

        answers = await asyncio.gather(*(order(number) for number in range(100)))
        left = await stock(vendor, mango["id"])
    assert {(201, ""): 10, (409, "sold_out"): 90} == {each: answers.count(each) for each in set(answers)}
    assert 0 == left


async def test_the_same_key_twenty_times_is_one_order(service: Service) -> None:
    """Stock is taken once, by whichever of the twenty was first."""
    mango = await product(service.person("vendor", "v1"), stock=100)
    customer = service.person("customer", "c1")
    answers = await asyncio.gather(*(
        customer.post("/api/orders", basket((mango, 3)), headers={"Idempotency-Key": "k"}) for _ in range(20)
    ))
    assert ({201}, 1) == ({each.status_code for each in answers}, len({each.json()["id"] for each in answers}))
    assert 97 == await stock(customer, mango["id"])


async def test_a_cancelled_order_gives_its_stock_back_once(service: Service) -> None:
    """However often and by however many it is cancelled; and the shop hears that it is there again."""
    vendor, customer = service.person("vendor", "v1"), service.person("customer", "c1")
    mango = await product(vendor, stock=4)
    order = (await customer.post("/api/orders", basket((mango, 4)))).json()
    assert 0 == await stock(customer, mango["id"])
    answers = await asyncio.gather(*(
        person.post(f"/api/orders/{order['id']}/cancel") for person in (customer, vendor) for _ in range(5)
    ))
    assert [200] + [409] * 9 == sorted(each.status_code for each in answers)
    assert 4 == await stock(customer, mango["id"])


async def test_a_rider_earns_once_by_a_delivery(service: Service, database: Database) -> None:
    """However often the last step is taken; riders see their own earnings, staff anybody's, others none."""
    order = await service.order(rider="r1")
    admin, rider = service.person("admin", "a1"), service.person("rider", "r1")
    await admin.steps(order, *CHAIN[:-1])
    answers = await asyncio.gather(*(
        rider.post(f"/api/orders/{order}/status", {"status": "delivered"}) for _ in range(10)
    ))
    assert [200] + [409] * 9 == sorted(each.status_code for each in answers)
    assert 1 == await database.deliveries.count_documents({})
    mine = (await rider.get("/api/earnings")).json()
    (earning,) = mine["items"]
    distance = earning["distance_m"]
    assert 1400 < distance < 1700
    assert (200 + round(distance * 50 / 1000), order) == (earning["amount"], earning["order_id"])
    assert (earning["amount"], 1, "USD") == (mine["total"], mine["deliveries"], mine["currency"])
    assert mine == (await admin.get("/api/earnings", params={"rider": "r1"})).json()
    assert 403 == (await service.person("rider", "r2").get("/api/earnings", params={"rider": "r1"})).status_code
    assert 403 == (await service.person("customer", "c1").get("/api/earnings")).status_code


async def test_a_new_order_is_published_for_other_programs(service: Service, redis_client: Any) -> None:
    """One message on the shop's channel for each order, whoever placed it."""
    async with redis_client.pubsub() as listening:
        await listening.subscribe(f"{service.app.settings.key_prefix}:orders:new:v1")
        await until(lambda: listening.get_message(timeout=0.1))
        placed = [await service.order() for _ in range(2)]
        heard = [
            await until(lambda: listening.get_message(ignore_subscribe_messages=True, timeout=0.1)) for _ in placed
        ]
    assert placed == [msgspec.json.decode(message["data"])["id"] for message in heard]
