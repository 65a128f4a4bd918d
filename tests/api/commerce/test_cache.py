"""The cache: hits and misses are said, changes show at once, and without it everything still works."""

import asyncio
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from api.cache import calls, keys
from api.cache.front import unavailable
from api.cache.store import Cache
from api.consumers import ON, Tools
from events.event import make
from events.kinds import check
from events.once import Once
from infra.clients import open_redis
from infra.embedded.valkey import Valkey
from infra.settings import Settings
from tests.api.commerce.shopping import basket, product
from tests.api.serving import Person, Service, serving
from tests.waiting import until


@pytest.fixture
def cache(redis_client: Any, prefix: str) -> Cache:
    return Cache(redis_client, prefix)


async def statuses(person: Person, *paths: str, **options: Any) -> list[str | None]:
    """X-Cache-Status of each."""
    return [(await person.get(path, **options)).headers.get("x-cache-status") for path in paths]


async def test_a_value_is_kept_for_its_time_and_no_longer_than_it_is_true(cache: Cache) -> None:
    """Without a time it is five minutes; delete and a pattern take away exactly what they name."""
    await cache.set("products:all", b"a\nb")
    await cache.set("products:farmer:v1", b"1", ttl_s=60)
    await cache.set("stores:all", b"2")
    await cache.redis.mset({f"{cache.prefix}:other:{number}": number for number in range(2000)})
    assert 295 <= await cache.redis.ttl(f"{cache.prefix}:products:all") <= 300
    assert b"a\nb" == await cache.get("products:all")
    assert 2 == await cache.invalidate("products:*")
    await cache.delete("other:7")
    found = [await cache.get(key) for key in ("products:all", "products:farmer:v1", "stores:all", "other:7")]
    assert ([None, None, b"2", None], b"8") == (found, await cache.redis.get(f"{cache.prefix}:other:8"))


async def test_fifty_who_miss_at_once_load_once(
    redis_client: Any, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when they sit in two processes."""
    monkeypatch.setattr(calls, "CALL_S", 30)  # a starved machine is not a cache that is away
    caches, loads = [Cache(redis_client, prefix) for _ in range(2)], 0
    all_there = asyncio.Event()

    async def load() -> bytes:
        nonlocal loads
        loads += 1
        await all_there.wait()
        return b"dear"

    asking = [asyncio.create_task(caches[number % 2].fetch("k", 60, load)) for number in range(50)]
    await until(lambda: loads)
    all_there.set()
    answers = await asyncio.gather(*asking)
    assert ({b"dear"}, 1) == ({value for value, _ in answers}, loads)
    assert 1 == [outcome for _, outcome in answers].count("MISS")


async def test_fifty_load_once_while_the_cache_is_away() -> None:
    """What protects the database does not go away with Redis."""
    loads, all_there = 0, asyncio.Event()

    async def load() -> bytes:
        nonlocal loads
        loads += 1
        await all_there.wait()
        return b"dear"

    async with open_redis("redis://127.0.0.1:1", timeout_s=1) as nobody:
        cache = Cache(nobody, "test")
        asking = [asyncio.create_task(cache.fetch("k", 60, load)) for _ in range(50)]
        await until(lambda: loads)
        all_there.set()
        assert [(b"dear", "BYPASS")] * 50 == await asyncio.gather(*asking)
    assert 1 == loads


async def test_a_loader_that_died_holds_nobody_up_for_long(cache: Cache) -> None:
    """Its lock goes by itself, and who has waited long enough loads."""
    await cache.redis.set(f"{cache.prefix}:cache:lock:k", "of a dead process", px=200)

    async def load() -> bytes:
        return b"fresh"

    assert (b"fresh", "MISS") == await cache.fetch("k", 60, load)


async def test_what_was_loaded_before_a_change_is_not_kept_after_it(cache: Cache) -> None:
    """A reader that is slow to store an old value cannot bring it back."""

    async def load_while_it_changes() -> bytes:
        await cache.forget(["products"], ["k"])
        return b"old"

    async def load() -> bytes:
        return b"new"

    assert (b"old", "MISS") == await cache.fetch("k", 60, load_while_it_changes, ["products"])
    assert (b"new", "MISS") == await cache.fetch("k", 60, load, ["products"])
    assert (b"new", "HIT") == await cache.fetch("k", 60, load, ["products"])
    await cache.redis.delete(f"{cache.prefix}:cache:tag:products")  # a tag that was evicted takes its values along
    assert (b"new", "MISS") == await cache.fetch("k", 60, load, ["products"])


async def test_public_answers_say_hit_and_miss(service: Service, redis_client: Any) -> None:
    """Lists, products and inventories by their documented keys and lives; HEAD too; other methods and paths never."""
    vendor = service.person("vendor", "v1")
    made = await product(vendor)
    path = f"/api/products/{made['id']}"
    seen = await statuses(vendor, *("/api/products?category=fruit&vendor=v1", "/api/products?vendor=v1&category=fruit"))
    assert ["MISS", "HIT"] == seen
    for each in ("/api/products", "/api/products?vendor=v1", "/api/products?category=fruit", path, f"{path}/inventory"):
        assert ["MISS", "HIT"] == await statuses(vendor, each, each), each
    head = await vendor.http.head(path)
    assert (200, "HIT", b"") == (head.status_code, head.headers["x-cache-status"], head.content)
    prefix = service.app.settings.key_prefix
    lives = {
        "products:all": 300, "products:farmer:v1": 300, "products:category:fruit": 300,
        "gateway:cache:/api/products": 60, f"gateway:cache:{path}": 300, f"gateway:cache:{path}/inventory": 30,
    }
    for key, ttl_s in lives.items():
        assert ttl_s - 20 <= await redis_client.ttl(f"{prefix}:{key}") <= ttl_s, key
    for personal in ("/api/orders", "/api/orders", "/api/cart", "/api/products?x=1", "/api/products/p0"):
        customer = service.person("customer", "c1")
        assert [None] == await statuses(customer, personal), personal


async def test_a_change_shows_in_the_next_answer(service: Service, redis_client: Any) -> None:
    """Its keys are gone, the old category's too, and the other process knows as well."""
    vendor = service.person("vendor", "v1")
    made = await product(vendor)
    path = f"/api/products/{made['id']}"
    asked = ("/api/products", "/api/products?category=fruit", "/api/products?category=sweet", path, f"{path}/inventory")
    async with serving(service.app.settings) as second:
        other = second.person("vendor", "v1")
        for person in (vendor, other):
            for each in asked:
                await person.get(each)
        await vendor.http.patch(path, json={"name": "Mango, green", "category": "sweet"})
        gone = [f"{service.app.settings.key_prefix}:{key}" for key in (
            "products:all", "products:farmer:v1", "products:category:fruit", "products:category:sweet",
            f"gateway:cache:{path}", f"gateway:cache:{path}/inventory", "gateway:cache:/api/products",
        )]
        assert 0 == await redis_client.exists(*gone)
        assert "Mango, green" == (await vendor.get(path)).json()["name"]

        async def is_known_there() -> bool:
            return bool((await other.get(path)).json()["name"] == "Mango, green")

        await until(is_known_there, within_s=1)
        shown = [[each["name"] for each in (await vendor.get(list_)).json()["items"]] for list_ in asked[:3]]
        assert [["Mango, green"], [], ["Mango, green"]] == shown
        await service.person("customer", "c1").post("/api/orders", basket((made, 3)))
        assert 7 == (await vendor.get(f"{path}/inventory")).json()["stock"]


async def test_a_sale_in_one_shop_leaves_the_lists_of_the_others(service: Service) -> None:
    """Its own list, its category's and that of all are made anew; another shop's and another category's are not."""
    first, second = service.person("vendor", "v1"), service.person("vendor", "v2")
    mango = await product(first)
    await product(second, category="bread")
    changed = ("/api/products", "/api/products?vendor=v1", "/api/products?category=fruit")
    same = ("/api/products?vendor=v2", "/api/products?category=bread")
    await statuses(first, *changed, *same)
    assert 201 == (await service.person("customer", "c1").post("/api/orders", basket((mango, 1)))).status_code
    assert (["MISS"] * 3, ["HIT"] * 2) == (await statuses(first, *changed), await statuses(first, *same))


async def test_who_has_it_already_gets_304(service: Service) -> None:
    """By the ETag, from the cache and past it, until it changes."""
    vendor = service.person("vendor", "v1")
    path = f"/api/products/{(await product(vendor))['id']}"
    etag = (await vendor.get(path)).headers["etag"]
    again = await vendor.get(path, headers={"If-None-Match": f'"other", W/{etag}'})
    assert (304, b"", "HIT") == (again.status_code, again.content, again.headers["x-cache-status"])
    await vendor.http.patch(path, json={"price": 1})
    assert 200 == (await vendor.get(path, headers={"If-None-Match": etag})).status_code


async def test_a_cached_answer_is_as_guarded_as_any(service: Service) -> None:
    """The same security headers on a hit and on a miss, and CORS for listed origins only."""
    vendor = service.person("vendor", "v1")
    found = []
    for origin in ("https://shop.example", "https://shop.example", "https://evil.example"):
        headers = (await vendor.get("/api/products", headers={"Origin": origin})).headers
        found.append((headers["x-content-type-options"], headers.get("access-control-allow-origin")))
        assert "default-src 'none'" in headers["content-security-policy"]
    assert [("nosniff", "https://shop.example")] * 2 + [("nosniff", None)] == found


async def test_ones_own_orders_are_fresh_though_cached(service: Service, redis_client: Any) -> None:
    """Customer and vendor see the new order at once; a third person's list is another key."""
    customer, vendor = service.person("customer", "c1"), service.person("vendor", "v1")
    for person in (customer, vendor):
        assert [] == (await person.get("/api/orders")).json()["items"]
    prefix = service.app.settings.key_prefix
    for key in ("user:orders:c1", "farmer:orders:v1"):
        assert 0 < await redis_client.ttl(f"{prefix}:{key}") <= 300
    order = await service.order()
    for person in (customer, vendor):
        assert [order] == [each["id"] for each in (await person.get("/api/orders")).json()["items"]]
    await vendor.steps(order, "accepted")
    assert ["accepted"] == [each["status"] for each in (await customer.get("/api/orders")).json()["items"]]
    assert [] == (await service.person("customer", "v1").get("/api/orders")).json()["items"]


async def test_without_its_cache_the_service_works(
    settings: Settings, database: object, tmp_path: Path
) -> None:
    """REDIS_CACHE_URL is a server of its own: while it is down answers come from MongoDB, then from it again."""
    own = Valkey(tmp_path / "cache").start()
    apart = msgspec.structs.replace(settings, redis_cache_url=own.url)
    try:
        async with serving(apart) as service:
            vendor = service.person("vendor", "v1")
            assert ["MISS", "HIT"] == await statuses(vendor, "/api/products", "/api/products")
            own.kill()
            made = await product(vendor)
            assert [made["id"]] == [each["id"] for each in (await vendor.get("/api/products")).json()["items"]]
            assert 201 == (await service.person("customer", "c1").post("/api/orders", basket((made, 1)))).status_code
            assert service.app.world.market.cache.calls.failures > 0
            own.start()

            async def hits() -> bool:
                return await statuses(vendor, "/api/products?limit=7") == ["HIT"]

            await until(hits)
    finally:
        own.stop()


def test_a_product_that_cannot_be_read_is_the_same_problem_as_anywhere() -> None:
    """The short way to a product passes the framework by; its 503 says the same, and as guarded."""
    told = unavailable()
    said = dict(told.headers)
    assert (503, b"application/problem+json", b"nosniff", b"no-store") == (
        told.status, said[b"content-type"], said[b"x-content-type-options"], said[b"cache-control"]
    )
    assert ("unavailable", str(len(told.body)).encode()) == (json.loads(told.body)["code"], said[b"content-length"])
    assert 1 <= int(said[b"retry-after"])


def test_keys_are_spelled_in_one_file() -> None:
    """No other file of the service holds the beginning of a documented key."""
    root = Path(__file__).resolve().parents[3] / "api"
    beginnings = ("products:all", "products:farmer", "products:category", "gateway:cache", "user:orders", "user:prof")
    found = [
        (path.name, each) for path in root.rglob("*.py") if path.name != "keys.py"
        for each in beginnings if f'"{each}' in path.read_text()
    ]
    assert [] == found


def test_no_key_can_be_made_to_look_like_another() -> None:
    """Names and queries are escaped: no star, no new line and no colon of a stranger stands in a key."""
    made = [
        keys.category_products("a*"), keys.farmer_products("v1\nx"), keys.farmer_products("a:b"),
        keys.response("/api/products", [("q", "*\n"), ("vendor", "a&b=c")]),
    ]
    assert [
        "products:category:a%2A", "products:farmer:v1%0Ax", "products:farmer:a%3Ab",
        "gateway:cache:/api/products?q=%2A%0A&vendor=a%26b%3Dc",
    ] == made


async def test_what_is_named_by_hand_is_forgotten_everywhere(service: Service, redis_client: Any) -> None:
    """A `cache.invalidate` event with a key and a pattern: both are gone, and a process asks anew."""
    vendor, world, settings = service.person("vendor", "v1"), service.app.world, service.app.settings
    await statuses(vendor, "/api/products", "/api/products?vendor=v1", "/api/stores")
    tools = Tools(
        settings=settings, db=world.orders.db, redis=redis_client, outbox=world.orders.outbox, log=world.log,
        feed=world.feed, relay=world.relay,
    )
    event = make("CACHE_INVALIDATE", check("CACHE_INVALIDATE", {"keys": ["products:all", "gateway:cache:*"]}), 1, 1)
    (forget,) = ON["cache.invalidate"]
    await Once(world.orders.db).apply(event.id, forget.name, lambda session: forget.handle(event, tools, session))
    left = {key async for key in redis_client.scan_iter(f"{settings.key_prefix}:*")}
    names = {key.decode().removeprefix(f"{settings.key_prefix}:") for key in left}
    assert (False, False, True) == (
        "products:all" in names, any(name.startswith("gateway:") for name in names), "products:farmer:v1" in names
    )

    async def asks_anew() -> bool:
        return await statuses(vendor, "/api/stores") == ["MISS"]

    await until(asks_anew, every_s=1.1)
