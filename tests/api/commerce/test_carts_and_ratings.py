"""A cart is a customer's own and empties with the order; a delivered order is rated once."""

import asyncio
from typing import Any

from tests.api.commerce.shopping import basket, product, store
from tests.api.serving import CHAIN, Service
from tests.waiting import until


async def test_a_cart_is_filled_ordered_and_empty(service: Service) -> None:
    """It shows each shop's part at today's prices; what is ordered leaves it, the rest stays."""
    one, two, customer = (
        service.person("vendor", "v1"), service.person("vendor", "v2"), service.person("customer", "c1")
    )
    mango, tea = await product(one), await product(two, name="Tea", price=300)
    await customer.http.put(f"/api/cart/items/{mango['id']}", json={"quantity": 5})
    await customer.http.put(f"/api/cart/items/{mango['id']}", json={"quantity": 2})
    cart = (await customer.http.put(f"/api/cart/items/{tea['id']}", json={"quantity": 11})).json()
    parts = {part["vendor_id"]: part for part in cart["parts"]}
    assert (2500, 3300, 13) == (parts["v1"]["total"], parts["v2"]["total"], cart["items"])
    assert ([True], [False]) == tuple([line["enough"] for line in parts[vendor]["lines"]] for vendor in ("v1", "v2"))
    key = {"Idempotency-Key": "k"}
    first = await customer.post("/api/orders", basket(from_cart=True), headers=key)
    again = await customer.post("/api/orders", basket(from_cart=True), headers=key)
    nothing = await customer.post("/api/orders", basket(from_cart=True))
    assert (201, 2500, first.json()) == (first.status_code, first.json()["total"], again.json())
    assert (400, "from_cart") == (nothing.status_code, nothing.json()["field"])
    assert ["v2"] == [part["vendor_id"] for part in (await customer.get("/api/cart")).json()["parts"]]
    await customer.delete("/api/cart")
    assert {"parts": [], "items": 0, "gone": []} == (await customer.get("/api/cart")).json()


async def test_an_order_of_single_products_takes_them_out_of_the_cart(service: Service) -> None:
    """Also when the client names them itself."""
    vendor, customer = service.person("vendor", "v1"), service.person("customer", "c1")
    mango, tea = await product(vendor), await product(vendor, name="Tea")
    for each in (mango, tea):
        await customer.http.put(f"/api/cart/items/{each['id']}", json={"quantity": 1})
    await customer.post("/api/orders", basket((mango, 1)))
    (part,) = (await customer.get("/api/cart")).json()["parts"]
    assert [tea["id"]] == [line["product_id"] for line in part["lines"]]


async def test_a_cart_says_what_is_sold_no_more(service: Service) -> None:
    """A product that was withdrawn is named, costs nothing, and goes with the next change."""
    vendor, customer = service.person("vendor", "v1"), service.person("customer", "c1")
    mango, tea = await product(vendor), await product(vendor, name="Tea")
    await customer.http.put(f"/api/cart/items/{mango['id']}", json={"quantity": 1})
    await vendor.delete(f"/api/products/{mango['id']}")
    cart = (await customer.get("/api/cart")).json()
    assert ([mango["id"]], 0) == (cart["gone"], cart["items"])
    after = await customer.http.put(f"/api/cart/items/{tea['id']}", json={"quantity": 1})
    assert [] == after.json()["gone"]


async def test_only_customers_have_a_cart(service: Service) -> None:
    """Everybody else is refused, and nothing that is no product can be put in."""
    for role in ("vendor", "rider", "dispatcher", "admin"):
        assert 403 == (await service.person(role, "x1").get("/api/cart")).status_code
    for name in ("p" + "0" * 14, "$where", "a.b"):
        answer = await service.person("customer", "c1").http.put(f"/api/cart/items/{name}", json={"quantity": 1})
        assert 404 == answer.status_code, answer.text


async def test_a_delivered_order_is_rated_once_by_its_customer(service: Service, redis_client: Any) -> None:
    """The average is on the store, on the vendor's channel and on a pub/sub channel; a second rating is refused."""
    vendor, customer, admin = (
        service.person("vendor", "v1"), service.person("customer", "c1"), service.person("admin", "a1")
    )
    await store(vendor)
    orders = [await service.order() for _ in range(2)]
    early = await customer.post(f"/api/orders/{orders[0]}/rating", {"stars": 5})
    for order in orders:
        await admin.steps(order, *CHAIN)
    heard: list[dict[str, Any]] = []
    async with vendor.socket() as shop, redis_client.pubsub() as listening:
        await shop.subscribe("vendor:v1", handler=heard.append)
        await listening.subscribe(f"{service.app.settings.key_prefix}:ratings:new:v1")
        answers = await asyncio.gather(*(
            customer.post(f"/api/orders/{orders[0]}/rating", {"stars": 5, "comment": "warm"}) for _ in range(5)
        ))
        await customer.post(f"/api/orders/{orders[1]}/rating", {"stars": 2})
        rated = await until(lambda: [item for item in heard if item["type"] == "rating"][1:])
        message = await until(lambda: listening.get_message(ignore_subscribe_messages=True, timeout=0.1))
    assert (409, [201] + [409] * 4) == (early.status_code, sorted(each.status_code for each in answers))
    assert {"average": 3.5, "count": 2} == (await customer.get("/api/stores/v1")).json()["rating"]
    assert (3.5, 2, b'"stars":5' in message["data"]) == (rated[0]["average"], rated[0]["count"], True)
    for other in (vendor, admin, service.person("rider", "r1"), service.person("customer", "c2")):
        assert (await other.post(f"/api/orders/{orders[0]}/rating", {"stars": 1})).status_code in (403, 404)
    for wrong in ({"stars": 0}, {"stars": 6}, {"stars": 4.5}, {}):
        assert 400 == (await customer.post(f"/api/orders/{orders[0]}/rating", wrong)).status_code
