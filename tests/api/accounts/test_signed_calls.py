"""Calls that another server signed: each once, fresh, and not a byte changed."""

import secrets
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest

from api.accounts.signing import SKEW_S, check, header, keys_of
from api.errors import Refused
from infra.settings import Settings
from tests.api.serving import DOOR, SHOP, Service, asking, serving

KEY = "k" * 40
NOW = 1_800_000_000
ORDER: dict[str, Any] = {"customer_id": "c1", "vendor_id": "v1", "pickup": SHOP, "dropoff": DOOR}
SAID: dict[str, Any] = {"method": "POST", "path": "/api/orders?a=1", "body": b"{}"}


@pytest.fixture
async def signing(settings: Settings, database: object) -> AsyncIterator[Service]:
    """A service that knows the shop's key."""
    async with serving(msgspec.structs.replace(settings, signing_keys=(f"shop={KEY}",))) as service:
        yield service


def signed(method: str, path: str, body: bytes = b"", *, key: str = "shop", secret: str = KEY, age_s: int = 0) -> str:
    ts = int(time.time()) - age_s
    return header(secret, method, path, body, key=key, ts=ts, nonce=secrets.token_hex(16))


async def call(service: Service, method: str, path: str, body: bytes, authorization: str) -> httpx.Response:
    headers = {"Authorization": authorization, "Content-Type": "application/json"}
    async with asking(service.url) as http:
        return await http.request(method, path, content=body, headers=headers)


async def test_a_signed_call_acts_as_an_integrator_once(signing: Service) -> None:
    """It may place an order for somebody; sent again word by word it is refused, signed anew it is not."""
    body = msgspec.json.encode(ORDER)
    told = signed("POST", "/api/orders", body)
    first, again = [await call(signing, "POST", "/api/orders", body, told) for _ in range(2)]
    assert [201, 401] == [first.status_code, again.status_code]
    assert 201 == (await call(signing, "POST", "/api/orders", body, signed("POST", "/api/orders", body))).status_code
    query = "/api/orders?limit=1&status=order_placed"
    assert 200 == (await call(signing, "GET", query, b"", signed("GET", query))).status_code


async def test_whatever_is_changed_on_the_way_is_noticed(signing: Service) -> None:
    """Another method, path, query, body, key or time: 401, and nothing happened."""
    body = msgspec.json.encode(ORDER)
    forged = [
        signed("GET", "/api/orders", body), signed("POST", "/api/orders/", body),
        signed("POST", "/api/orders?x=1", body),
        signed("POST", "/api/orders", body + b" "), signed("POST", "/api/orders", body, secret="x" * 40),
        signed("POST", "/api/orders", body, key="stranger"), signed("POST", "/api/orders", body, age_s=SKEW_S + 5),
        signed("POST", "/api/orders", body, age_s=-SKEW_S - 5), "RW-HMAC-SHA256", "RW-HMAC-SHA256 key=shop",
        signed("POST", "/api/orders", body).replace("shop", "shop2"), signed("POST", "/api/orders", body)[:-1],
    ]
    answers = [await call(signing, "POST", "/api/orders", body, told) for told in forged]
    assert [401] * len(forged) == [answer.status_code for answer in answers]
    assert [] == (await signing.person("admin", "a1").get("/api/orders")).json()["items"]


async def test_without_keys_no_signature_is_believed(service: Service) -> None:
    """Not even one made with an empty secret."""
    told = signed("GET", "/api/orders", secret="")
    assert 401 == (await call(service, "GET", "/api/orders", b"", told)).status_code


def test_a_signature_holds_for_five_minutes_either_way() -> None:
    """At the edge it does, beyond it does not."""
    nonce = "n" * 16
    for away_s, holds in ((-SKEW_S - 1, False), (-SKEW_S, True), (SKEW_S, True), (SKEW_S + 1, False)):
        told = header(KEY, **SAID, key="shop", ts=NOW + away_s, nonce=nonce).split(" ", 1)[1]
        found = check(told, {"shop": KEY}, SAID["method"], SAID["path"], SAID["body"], NOW)
        assert holds is not isinstance(found, Refused)


def test_a_key_is_read_as_it_is_set() -> None:
    """A secret may hold an equals sign; what has none is no key."""
    assert {"shop": "a=b=", "pay": "c"} == keys_of(("shop=a=b=", "pay=c", "nothing"))
