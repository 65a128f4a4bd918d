"""A marketplace's day by HTTP alone: people sign up, a shop sells, a customer orders, a rider brings it, all read.

    python -m bench.journey --url http://127.0.0.1:8000 --admin-token "$(ridewire token --sub boss --role admin)"

needs a running service with a worker; nothing else. It prints a line a step and exits 1 at the first answer that is not
what an integrator was promised.
"""

import argparse
import asyncio
import base64
import io
import secrets
import sys
import time
import uuid
from typing import Any
from urllib.parse import urlsplit

import httpx
from PIL import Image

SHOP, DOOR = {"lat": 14.5995, "lng": 120.9842, "address": "Quiapo"}, {"lat": 14.6095, "lng": 120.9942}
PATIENCE_S = 60.0


class Stuck(Exception):
    """An answer was not the promised one."""


class Person:
    """Somebody with a token, or nobody yet."""

    def __init__(self, url: str, name: str, token: str = "") -> None:
        self.name, self.sub = name, ""
        self.http = httpx.AsyncClient(base_url=url, timeout=20)
        self.use(token)

    def use(self, token: str) -> None:
        """Speak with this token from now on."""
        if token:
            self.http.headers["Authorization"] = f"Bearer {token}"

    async def ask(self, method: str, path: str, body: Any = None, status: int = 200, **options: Any) -> Any:
        """The answer's body; raises Stuck when its status is another."""
        answer = await self.http.request(method, path, json=body, **options)
        if answer.status_code != status:
            raise Stuck(f"{self.name}: {method} {path} gave {answer.status_code}, not {status}: {answer.text[:300]}")
        is_json = answer.headers.get("content-type", "").startswith("application/json")
        return answer.json() if is_json and answer.content else answer.content

    async def sign_up(self, role: str) -> None:
        """Register and sign in, as an app does."""
        email, password = f"{self.name}-{secrets.token_hex(4)}@market.example", secrets.token_urlsafe(18)
        account = {"email": email, "password": password, "role": role, "name": self.name.title()}
        await self.ask("POST", "/api/auth/register", account, 201)
        signed_in = await self.ask("POST", "/api/auth/login", {"email": email, "password": password})
        self.use(signed_in["access_token"])
        self.sub = signed_in["user"]["id"]

    async def until(self, path: str, wanted: Any, what: str) -> Any:
        """Read again until it is so; raises Stuck when that takes too long."""
        deadline_s = time.monotonic() + PATIENCE_S
        while True:
            seen = await self.ask("GET", path)
            if wanted(seen):
                return seen
            if time.monotonic() > deadline_s:
                raise Stuck(f"{self.name}: {what} did not come within {PATIENCE_S:.0f} s: {str(seen)[:300]}")
            await asyncio.sleep(1.0)  # a person may ask sixty times a minute


def say(step: str) -> None:
    """One line a step."""
    print(f"  {step}", flush=True)


def mango() -> str:
    """A picture of something yellow, as base64."""
    out = io.BytesIO()
    Image.effect_noise((900, 600), 40).convert("RGB").save(out, "JPEG", quality=95)
    return base64.b64encode(out.getvalue()).decode()


async def sell(vendor: Person) -> dict[str, Any]:
    """A store, a product and its picture in three sizes."""
    await vendor.ask("POST", "/api/stores", {"name": "Lola's Fruits", "spot": SHOP}, 201)
    wanted = {"name": "Mango, ripe", "price": 1250, "currency": "PHP", "category": "fruit", "stock": 10}
    product: dict[str, Any] = await vendor.ask("POST", "/api/products", wanted, 201)
    path = f"/api/products/{product['id']}"
    job = await vendor.ask("POST", f"{path}/images", {"data": mango()}, 202)
    await vendor.until(f"/api/jobs/{job['id']}", lambda told: told["state"] == "done", "the picture")
    shown = (await vendor.ask("GET", path))["images"][0]
    sizes = [len(await vendor.ask("GET", shown[name])) for name in ("small", "medium", "large")]
    say(f"a product with a picture in three sizes, {', '.join(map(str, sizes))} bytes")
    return product


async def order(customer: Person, vendor: Person, product: dict[str, Any]) -> str:
    """Found by its words, put into the cart, ordered twice under one key: one order."""
    found = await customer.ask("GET", "/api/products", params={"q": "ripe mango", "vendor": vendor.sub})
    assert [product["id"]] == [each["id"] for each in found["items"]], found
    await customer.ask("PUT", f"/api/cart/items/{product['id']}", {"quantity": 2})
    body = {"vendor_id": vendor.sub, "pickup": SHOP, "dropoff": DOOR, "from_cart": True}
    key = {"Idempotency-Key": str(uuid.uuid4())}
    placed = [await customer.ask("POST", "/api/orders", body, 201, headers=key) for _ in range(2)]
    assert placed[0] == placed[1], placed
    left = await customer.ask("GET", f"/api/products/{product['id']}/inventory")
    assert (placed[0]["total"], left["stock"], (await customer.ask("GET", "/api/cart"))["parts"]) == (2500, 8, [])
    say(f"an order of {placed[0]['total']} {placed[0]['currency']} in cents, {left['stock']} left")
    return str(placed[0]["id"])


async def talk(customer: Person, vendor: Person) -> None:
    """A word each way in the room of the two."""
    room = (await customer.ask("POST", "/api/rooms", {"vendor_id": vendor.sub}, 201))["id"]
    for person, text in ((customer, "Are they sweet?"), (vendor, "Very.")):
        said = {"client_id": str(uuid.uuid4()), "text": text}
        answer = await person.http.post(f"/api/rooms/{room}/messages", json=said)
        assert answer.is_success, answer.text
    page = await customer.ask("GET", f"/api/rooms/{room}/messages")
    texts = [each["text"] for each in page["items"] if "text" in each]
    assert texts[-2:] == ["Are they sweet?", "Very."], texts
    say("two messages, in order")


async def deliver(order_id: str, admin: Person, vendor: Person, rider: Person, customer: Person) -> None:
    """Assigned, prepared, picked up, seen on its way by a phone app's GET, delivered."""
    path = f"/api/orders/{order_id}"
    await admin.ask("POST", f"{path}/assign", {"rider_id": rider.sub})
    for status in ("accepted", "preparing", "ready"):
        await vendor.ask("POST", f"{path}/status", {"status": status})
    await rider.ask("POST", f"{path}/status", {"status": "picked_up"})
    phone = await rider.ask("POST", "/api/devices", {"name": "phone"}, 201)
    here = {"lat": "14.604321", "lon": "120.989876", "timestamp": str(int(time.time()) + 1), "accuracy": "5"}
    sent = await rider.http.get(urlsplit(phone["url"]).path, params=here)
    assert sent.is_success, sent.text
    seen = await customer.until(
        f"{path}/tracking", lambda told: told["real_time_location"] is not None, "the rider on the map"
    )
    at = seen["real_time_location"]
    assert (round(at["lat"], 6), round(at["lng"], 6)) == (14.604321, 120.989876), at
    say("the customer sees the rider where the phone said")
    for status in ("arriving", "delivered"):
        now = await rider.ask("GET", path)
        if now["status"] not in (status, "delivered"):
            await rider.ask("POST", f"{path}/status", {"status": status})
    say("delivered")


async def settle(order_id: str, customer: Person, vendor: Person, rider: Person, admin: Person) -> None:
    """Rated once, earned once, and in the day's numbers."""
    await customer.ask("POST", f"/api/orders/{order_id}/rating", {"stars": 5, "comment": "Still warm."}, 201)
    await customer.ask("POST", f"/api/orders/{order_id}/rating", {"stars": 1}, 409)
    rating = (await customer.ask("GET", f"/api/stores/{vendor.sub}"))["rating"]
    assert rating == {"average": 5.0, "count": 1}, rating
    earned = await rider.ask("GET", "/api/earnings")
    assert [order_id] == [each["order_id"] for each in earned["items"]], earned
    days = [await person.ask("GET", "/api/analytics/daily") for person in (vendor, admin)]
    assert days[0]["delivery"]["delivered"] <= days[1]["delivery"]["delivered"], days
    say(f"rated {rating['average']}, the rider earned {earned['total']} {earned['currency']} in cents")
    say(f"the shop's day: {days[0]['orders']['placed']} ordered, {days[0]['delivery']['delivered']} delivered")


async def journey(url: str, admin_token: str) -> None:
    """The whole day; raises Stuck, or AssertionError with what was there instead."""
    admin = Person(url, "admin", admin_token)
    vendor, customer, rider = (Person(url, name) for name in ("lola", "ana", "rico"))
    people = (admin, vendor, customer, rider)
    try:
        for person, role in ((vendor, "vendor"), (customer, "customer"), (rider, "rider")):
            await person.sign_up(role)
        say("a vendor, a customer and a rider signed up and in")
        product = await sell(vendor)
        order_id = await order(customer, vendor, product)
        await talk(customer, vendor)
        await deliver(order_id, admin, vendor, rider, customer)
        await settle(order_id, customer, vendor, rider, admin)
    finally:
        for person in people:
            await person.http.aclose()


def main() -> int:
    """The command."""
    words = argparse.ArgumentParser(prog="python -m bench.journey")
    words.add_argument("--url", default="http://127.0.0.1:8000")
    words.add_argument("--admin-token", required=True)
    given = words.parse_args()
    began_s = time.monotonic()
    try:
        asyncio.run(journey(given.url, given.admin_token))
    except (Stuck, AssertionError, httpx.HTTPError) as error:
        print(f"stuck: {error}", file=sys.stderr)
        return 1
    print(f"the whole way in {time.monotonic() - began_s:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
