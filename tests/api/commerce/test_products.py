"""Products and stores over HTTP: who may look, who may edit, what is found."""

from typing import Any

import pytest

from tests.api.commerce.shopping import MANGO, ids, product, store
from tests.api.serving import SHOP, Service
from tests.waiting import until


async def test_a_product_is_made_read_changed_and_deleted(service: Service) -> None:
    """What a vendor writes is what everybody reads, without a token too, until it is withdrawn."""
    vendor, nobody = service.person("vendor", "v1"), service.someone("")
    del nobody.http.headers["authorization"]
    made = await product(vendor)
    path = f"/api/products/{made['id']}"
    assert made == (await nobody.get(path)).json()
    changed = await vendor.http.patch(path, json={"price": 1300, "category": "sweet", "rev": 1})
    assert (200, 1300, "sweet", 2) == (changed.status_code, *(changed.json()[k] for k in ("price", "category", "rev")))
    stale = await vendor.http.patch(path, json={"price": 1, "rev": 1})
    assert (409, "conflict", "rev") == (stale.status_code, stale.json()["code"], stale.json()["field"])
    written = await vendor.http.put(path, json=MANGO | {"name": "Mango, green"})
    assert ("Mango, green", 1250) == (written.json()["name"], written.json()["price"])
    assert {"stock": 10, "in_stock": True} == {
        name: value for name, value in (await nobody.get(f"{path}/inventory")).json().items()
        if name in ("stock", "in_stock")
    }
    assert 204 == (await vendor.delete(path)).status_code
    assert (404, []) == ((await nobody.get(path)).status_code, await ids(service))


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"price": -1}, "price"), ({"price": 1.5}, "price"), ({"currency": "peso"}, "currency"), ({"stock": -1}, "stock"),
     ({"category": "Fruit*"}, "category"), ({"name": ""}, "name"), ({"kind": "service"}, "stock"),
     ({"duration_min": 30}, "duration_min"), ({"id": "p1"}, "id"), ({"rating": 5}, "rating")],
    ids=str,
)
async def test_a_wrong_product_is_refused_and_named(service: Service, wrong: dict[str, Any], field: str) -> None:
    """400 with the field at fault; nothing is written."""
    answer = await service.person("vendor", "v1").post("/api/products", MANGO | wrong)
    problem = answer.json()
    assert (400, "bad_request") == (answer.status_code, problem["code"])
    assert field in problem.get("field", "") + problem["detail"]
    assert [] == await ids(service)


async def test_only_its_vendor_and_admins_edit_a_product(service: Service) -> None:
    """Everybody else is refused, and a vendor cannot sell in another's name."""
    path = f"/api/products/{(await product(service.person('vendor', 'v1')))['id']}"
    found = {}
    for role, sub in (("vendor", "v2"), ("customer", "v1"), ("rider", "v1"), ("dispatcher", "d1"), ("admin", "a1")):
        person = service.person(role, sub)  # type: ignore[arg-type]
        found[f"{role} {sub}"] = (
            (await person.http.patch(path, json={"price": 5})).status_code,
            (await person.post("/api/products", MANGO | {"vendor_id": "v1"})).status_code,
        )
    assert {
        "vendor v2": (403, 403), "customer v1": (403, 403), "rider v1": (403, 403), "dispatcher d1": (403, 403),
        "admin a1": (200, 201),
    } == found
    assert 401 == (await service.someone("nonsense").delete(path)).status_code


async def test_the_list_is_narrowed_searched_and_joined_page_by_page(service: Service) -> None:
    """By vendor, by category and by all words of a search; pages join without a gap or a double."""
    one, two = service.person("vendor", "v1"), service.person("vendor", "v2")
    made = [
        (await product(one, name=f"Mango number {number}", category="fruit" if number % 2 else "sweet"))["id"]
        for number in range(5)
    ]
    other = (await product(two, name="Green tea", description="with mango", category="drink"))["id"]
    assert [other, *made[::-1]] == await ids(service)
    assert made[::-1] == await ids(service, vendor="v1")
    assert [made[3], made[1]] == await ids(service, category="fruit", vendor="v1")
    assert [other, *made[::-1]] == await ids(service, q="MANGO")
    assert [other] == await ids(service, q="tea mango")
    assert [] == await ids(service, q='"-tea $where')
    read: list[str] = []
    after: dict[str, str] = {}
    while True:
        page = (await one.get("/api/products", params={"limit": 2, **after})).json()
        read += [each["id"] for each in page["items"]]
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert [other, *made[::-1]] == read


async def test_reading_on_is_the_same_with_and_without_the_framework(service: Service) -> None:
    """A `limit`, even the usual one, goes through it; what it would refuse is refused either way."""
    one, two = service.person("vendor", "v1"), service.person("vendor", "v2")
    made = [await product(one, category=("fruit", "sweet")[number % 2]) for number in range(3)]
    made += [await product(two) for _ in range(2)]
    list_of, newest = "/api/products?after=", made[-1]["id"]
    asked = ("", "&vendor=v1", "&category=fruit", "&vendor=v1&category=sweet", "&vendor=nobody")
    straight = [await one.get(f"{list_of}{newest}{more}") for more in asked]
    around = [await one.get(f"{list_of}{newest}{more}&limit=50") for more in asked]
    assert [(200, answer.content) for answer in around] == [(answer.status_code, answer.content) for answer in straight]
    assert [4, 3, 3, 1, 0] == [len(answer.json()["items"]) for answer in straight]
    wrong = (f"{list_of}{'p' * 65}", f"{list_of}p&category=NOT", f"{list_of}p&vendor={'v' * 129}", f"{list_of}p&q=")
    assert [400] * 4 == [(await one.get(path)).status_code for path in wrong]
    assert 5 == len((await one.get(list_of)).json()["items"])


async def test_changes_are_told_to_the_shop_to_staff_and_to_other_programs(service: Service, redis_client: Any) -> None:
    """The vendor's channel hears of every change, `ops` of new products, and a pub/sub channel of each product."""
    vendor = service.person("vendor", "v1")
    heard: list[dict[str, Any]] = []

    def hear(message: dict[str, Any]) -> None:
        if message["type"] not in ("subscribed", "counters"):
            heard.append(message)

    admin = service.person("admin", "a1")
    async with vendor.socket() as shop, admin.socket() as boss:
        await shop.subscribe("vendor:v1", handler=hear)
        await boss.subscribe("ops", handler=hear)
        made = await product(vendor)
        topic = f"{service.app.settings.key_prefix}:products:updated:{made['id']}"
        async with redis_client.pubsub() as listening:
            await listening.subscribe(topic)
            await until(lambda: listening.get_message(timeout=0.1))
            await vendor.http.patch(f"/api/products/{made['id']}", json={"stock": 2})
            message = await until(lambda: listening.get_message(ignore_subscribe_messages=True, timeout=0.1))
        await until(lambda: len(heard) >= 4)
    assert f'{{"id":"{made["id"]}","rev":2}}'.encode() == message["data"]
    told = sorted((item["channel"], item["type"], item.get("change", "")) for item in heard)
    assert [
        ("ops", "product", "created"), ("vendor:v1", "product", "created"), ("vendor:v1", "product", "updated"),
        ("vendor:v1", "stock", ""),
    ] == told


async def test_a_vendor_has_one_store(service: Service) -> None:
    """It is opened once, read by everybody, and changed by its vendor and admins alone."""
    vendor, other = service.person("vendor", "v1"), service.person("vendor", "v2")
    made = await store(vendor)
    again = await vendor.post("/api/stores", {"name": "Another", "spot": SHOP})
    foreign = await other.http.patch("/api/stores/v1", json={"name": "Mine now"})
    closed = await service.person("admin", "a1").http.patch("/api/stores/v1", json={"is_open": False})
    await store(other)
    listed = (await other.get("/api/stores", params={"limit": 1})).json()
    assert (409, 403, 200) == (again.status_code, foreign.status_code, closed.status_code)
    assert ({"average": None, "count": 0}, True, False) == (made["rating"], made["is_open"], closed.json()["is_open"])
    assert (["v1"], "v1") == ([each["vendor_id"] for each in listed["items"]], listed["next"])
    assert 404 == (await other.get("/api/stores/v9")).status_code
