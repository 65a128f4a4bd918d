"""People and things for asking everything the description offers."""

import json
from typing import Any

from bench.fuzz import Fuzz
from tests.api.commerce.shopping import product, store
from tests.api.serving import Service

PEOPLE = ("customer", "vendor", "rider", "dispatcher", "admin", "guest", "nobody")
OFTEN = ("customer", "vendor", "admin")  # of these more is asked
LEFT_OUT: dict[str, str] = {}


async def fuzz_of(service: Service) -> tuple[Fuzz, dict[str, str | None]]:
    """What asks the service, and the token of each of PEOPLE; there is an order, a product and a store to find."""
    await store(service.person("vendor", "v1"))
    await product(service.person("vendor", "v1"))
    order = await service.order(rider="r1")
    admin = service.person("admin", "a1")
    link = (await admin.post(f"/api/orders/{order}/share")).json()["token"]
    subs: dict[Any, str] = {"customer": "c1", "vendor": "v1", "rider": "r1", "dispatcher": "d1", "admin": "a1"}
    bearers: dict[str, str | None] = {role: service.person(role, sub).bearer for role, sub in subs.items()}
    bearers |= {"guest": link, "nobody": None}
    document = json.loads((await admin.get("/schema")).text)
    return Fuzz(document, service.url, LEFT_OUT), bearers
