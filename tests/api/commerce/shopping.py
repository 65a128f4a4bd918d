"""Products and stores for a test."""

from typing import Any

from tests.api.serving import DOOR, SHOP, Person, Service

MANGO: dict[str, Any] = {"name": "Mango, ripe", "price": 1250, "category": "fruit", "currency": "PHP", "stock": 10}


async def product(vendor: Person, **fields: Any) -> dict[str, Any]:
    """A new product of this vendor."""
    answer = await vendor.post("/api/products", MANGO | fields)
    assert 201 == answer.status_code, answer.text
    return dict(answer.json())


async def store(vendor: Person, name: str = "Lola's Fruits") -> dict[str, Any]:
    """A new store of this vendor."""
    answer = await vendor.post("/api/stores", {"name": name, "spot": SHOP})
    assert 201 == answer.status_code, answer.text
    return dict(answer.json())


async def ids(service: Service, **asked: Any) -> list[str]:
    """The ids that the public list has for this question."""
    answer = await service.someone("").http.get("/api/products", params=asked, headers={"Authorization": ""})
    assert 200 == answer.status_code, answer.text
    return [each["id"] for each in answer.json()["items"]]


def basket(*lines: tuple[dict[str, Any], int], **more: Any) -> dict[str, Any]:
    """The body of an order of so many of each product."""
    items = [{"product_id": each["id"], "quantity": quantity} for each, quantity in lines]
    return {"vendor_id": "v1", "pickup": SHOP, "dropoff": DOOR, "items": items} | more


async def stock(person: Person, product_id: str) -> int:
    """How many are left."""
    return int((await person.get(f"/api/products/{product_id}/inventory")).json()["stock"])
