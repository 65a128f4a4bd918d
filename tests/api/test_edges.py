"""What holds for every HTTP answer: problems, headers, health, metrics and the description of it all."""

import json
from typing import Any

import pytest

from api.requests import name_of
from infra.embedded.ports import free_port
from infra.embedded.valkey import Valkey
from infra.settings import Settings
from tests.api.serving import DOOR, SHOP, Person, Service, serving
from tests.waiting import until

JSON = {"Content-Type": "application/json"}
WRONG: list[tuple[str, str, dict[str, Any], int, str]] = [
    ("GET", "/api/nothing", {}, 404, "not_found"),
    ("GET", "/api/orders/o0/tracking", {}, 404, "not_found"),
    ("DELETE", "/api/orders", {}, 405, "method_not_allowed"),
    ("POST", "/api/orders", {"content": b"a=b"}, 415, "unsupported_media_type"),
    ("POST", "/api/orders", {"content": b"{", "headers": JSON}, 400, "bad_request"),
    ("POST", "/api/orders", {"content": b"\xff\xfe", "headers": JSON}, 400, "bad_request"),
    ("POST", "/api/orders", {"content": b"[" * 5000, "headers": JSON}, 400, "bad_request"),
    ("POST", "/api/orders", {"content": b" " * 70_000, "headers": JSON}, 413, "too_large"),
    ("GET", "/api/orders?limit=1000", {}, 400, "bad_request"),
    ("GET", "/api/orders?status=lost", {}, 400, "bad_request"),
    ("GET", "/health/services/nothing", {}, 404, "not_found"),
]


@pytest.fixture
async def admin(service: Service) -> Person:
    return service.person("admin", "a1")


@pytest.mark.parametrize(("method", "path", "options", "status", "code"), WRONG, ids=lambda part: str(part)[:40])
async def test_errors_are_problems(
    admin: Person, method: str, path: str, options: dict[str, Any], status: int, code: str
) -> None:
    """RFC 9457 with our code, whoever refused, and no word of how it is made."""
    answer = await admin.http.request(method, path, **options)
    problem = answer.json()
    assert (status, "application/problem+json", status, code) == (
        answer.status_code, answer.headers["content-type"], problem["status"], problem["code"]
    )
    assert {"type", "title", "detail", "retry"} <= set(problem)
    assert not [word for word in ("Traceback", ".py", "litestar", "msgspec") if word in answer.text]


async def test_a_wrong_method_names_the_right_ones(admin: Person) -> None:
    """405 carries Allow."""
    allow = (await admin.delete("/api/orders")).headers["allow"]
    assert {"GET", "POST"} <= {method.strip() for method in allow.split(",")}


@pytest.mark.parametrize(
    "path", ["/api/orders", "/api/nothing", "/health", "/metrics", "/schema", "/api/orders/x", "/health/ready"]
)
async def test_every_answer_carries_the_security_headers(admin: Person, path: str) -> None:
    """On success and on errors alike, and nothing personal is kept by a cache."""
    headers = (await admin.get(path)).headers
    assert ("nosniff", "0", "no-referrer", "no-store") == tuple(
        headers[name] for name in ("x-content-type-options", "x-xss-protection", "referrer-policy", "cache-control")
    )
    assert "max-age=" in headers["strict-transport-security"]
    for rule in ("base-uri 'none'", "frame-ancestors 'none'", "default-src 'none'"):
        assert rule in headers["content-security-policy"]
    assert "server" not in headers


async def test_only_listed_origins_may_read_across_origins(admin: Person) -> None:
    """CORS answers the allow-list and nobody else."""
    good = await admin.get("/api/orders", headers={"Origin": "https://shop.example"})
    evil = await admin.get("/api/orders", headers={"Origin": "https://evil.example"})
    assert ("https://shop.example", None) == (
        good.headers.get("access-control-allow-origin"), evil.headers.get("access-control-allow-origin")
    )


async def test_health_tells_all_when_all_is_well(admin: Person) -> None:
    """Alive, ready, every component up, each to be asked by name."""
    detailed = await until(lambda: _healthy(admin), within_s=30)
    wanted = {"redis", "mongo", "background", "relay", "persister", "outbox", "queues", "email"}
    assert wanted <= set(detailed["components"])
    for path in ("/health", "/health/ready", *(f"/health/services/{name}" for name in detailed["components"])):
        assert 200 == (await admin.get(path)).status_code, path


async def test_health_tells_what_is_down_and_what_came_back(
    settings: Settings, database: object, tmp_path: Any
) -> None:
    """Redis gone: that component down, the others up, 503; back again: healthy without a restart."""
    import msgspec

    server = Valkey(tmp_path / "own", port=free_port()).start()
    try:
        async with serving(msgspec.structs.replace(settings, redis_url=server.url)) as service:
            person = service.person("admin", "a1")
            await until(lambda: _healthy(person), within_s=30)
            assert 200 == (await person.get("/health/ready")).status_code
            server.kill()
            down = await until(lambda: _detailed(person, 503))
            assert ("degraded", "down", "up") == (
                down["status"], down["components"]["redis"]["status"], down["components"]["mongo"]["status"]
            )
            assert 200 == (await person.get("/health")).status_code
            order = {"customer_id": "c1", "vendor_id": "v1", "pickup": SHOP, "dropoff": DOOR}
            assert 201 == (await person.post("/api/orders", order)).status_code
            server.start()
            assert await until(lambda: _healthy(person), within_s=30)
    finally:
        server.stop()


async def _healthy(person: Person) -> dict[str, Any] | None:
    told = await _detailed(person, 200)
    return told if told and told["status"] == "healthy" else None


async def _detailed(person: Person, status: int) -> dict[str, Any] | None:
    answer = await person.get("/health/detailed")
    return dict(answer.json()) if answer.status_code == status else None


async def test_metrics_count_what_happened(service: Service) -> None:
    """Ten sockets open are ten on the page; points and pushes are counted where they happen."""
    person = service.person("admin", "a1")
    sockets = [service.person("rider", f"r{number}").socket("phone") for number in range(10)]
    for socket in sockets:
        await socket.__aenter__()
    await sockets[0].report([{"seq": 1, "ts": 1, "lat": 0, "lng": 0}])
    answer = await person.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=1.0.0; charset=")
    lines = answer.text.splitlines()
    for wanted in (
        "ridewire_sockets 10.0", "ridewire_hub_up 1.0", 'ridewire_points_rejected_total{reason="too_old"} 1.0',
        'ridewire_fix_to_socket_seconds_bucket{le="+Inf"} 0.0',
    ):
        assert wanted in lines, wanted
    for socket in sockets:
        await socket.close()


async def test_metrics_say_of_redis_what_redis_says(service: Service, redis_client: Any) -> None:
    """Hits, misses, their rate and the memory used are those of INFO."""
    person = service.person("admin", "a1")

    async def shown() -> dict[str, float]:
        lines = (await person.get("/metrics")).text.splitlines()
        return {line.split()[0]: float(line.split()[1]) for line in lines if line.startswith("ridewire_redis_")}

    async def is_sampled() -> bool:
        return {"ridewire_redis_used_memory_bytes", "ridewire_redis_hit_rate"} <= set(await shown())

    await until(is_sampled, within_s=15)
    seen, info = await shown(), await redis_client.info()
    assert 0.5 < seen["ridewire_redis_used_memory_bytes"] / info["used_memory"] < 2
    assert seen["ridewire_redis_keyspace_hits"] <= info["keyspace_hits"]
    assert 0 <= seen["ridewire_redis_hit_rate"] <= 1


@pytest.mark.parametrize("path", ["/health", "/api/nothing", "/api/orders"])
async def test_every_answer_says_the_name_of_its_request(admin: Person, path: str) -> None:
    """The edge's name comes back; a wrong one is replaced, so nobody writes into our logs what they like."""
    given = (await admin.get(path, headers={"X-Request-ID": "edge-0123456789"})).headers["x-request-id"]
    forged = (await admin.get(path, headers={"X-Request-ID": "x y{}"})).headers["x-request-id"]
    assert ("edge-0123456789", True) == (given, forged.isalnum())


def test_a_trace_is_taken_over_when_it_is_one() -> None:
    """W3C's traceparent gives the trace; anything else gives none."""
    trace = b"4bf92f3577b34da6a3ce929d0e0e4736"
    good = name_of({b"traceparent": b"00-" + trace + b"-00f067aa0ba902b7-01"})
    bad = [name_of({b"traceparent": value}) for value in (b"00-" + b"0" * 32 + b"-00f067aa0ba902b7-01", b"{}")]
    assert (trace.decode(), [False, False]) == (good["trace_id"], ["trace_id" in names for names in bad])


async def test_the_description_is_whole(admin: Person) -> None:
    """OpenAPI 3 as JSON; every operation has a summary, and only pages, operations and shop windows are open to all."""
    answer = await admin.get("/schema")
    schema = json.loads(answer.text)
    assert schema["openapi"].startswith("3.")
    operations = {
        (method.upper(), path): operation
        for path, item in schema["paths"].items() for method, operation in item.items() if method != "parameters"
    }
    assert ("POST", "/api/orders/{order_id}/status") in operations
    assert [] == [where for where, operation in operations.items() if not operation.get("summary")]
    placing = operations["POST", "/api/orders"]["responses"]
    assert {"201", "400", "401", "403", "409", "413", "415", "429", "503"} == set(placing)
    assert {"application/problem+json"} == {
        kind for status, answer in placing.items() if status != "201" for kind in answer["content"]
    }
    public = {path for (_, path), operation in operations.items() if operation.get("security") == [{}]}
    assert {"/health", "/metrics", "/health/ready", "/health/detailed", "/health/services/{name}"} <= public
    windows = ("/api/products", "/api/stores", "/api/images", "/api/auth/")  # and where one shows who one is
    closed = [path for path in public if path.startswith("/api/") and not path.startswith(windows)]
    assert ["/api/ingest/{device_key}"] == closed  # its key is its path
    assert {"vendor_id", "pickup", "dropoff"} == set(schema["components"]["schemas"]["PlaceOrder"]["required"])
