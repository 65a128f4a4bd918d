"""Two of everything: the callers' own and other people's. A call is what one caller sends to one endpoint."""

import io
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
from PIL import Image

from api.accounts.account import Account, Device
from api.matrix.endpoint import Kind
from api.orders.desk import utc_now
from api.rights import STAFF, Role
from tests.api.accounts.people import PASSWORD
from tests.api.serving import SHOP, Service, token

OWN: dict[Role, str] = {"customer": "c1", "vendor": "v1", "rider": "r1", "dispatcher": "d1", "admin": "a1"}
MANGO: dict[str, Any] = {"name": "Mango", "price": 1250, "category": "fruit", "currency": "PHP", "stock": 10}
FENCE: dict[str, Any] = {
    "type": "Feature", "geometry": {"type": "Point", "coordinates": [SHOP["lng"], SHOP["lat"]]},
    "properties": {"name": "yard", "radius_m": 100},
}


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """`path` fills the endpoint's template; `order` is what a guest's link opens; `sub` who calls instead."""

    path: dict[str, str] = {}
    query: dict[str, str] = {}
    body: Any = None
    files: Any = None
    order: str = ""
    sub: str = ""


class Scene:
    """A service, and things made as they are needed: `own` ones of c1, v1 and r1, others of c2, v2 and r2."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.admin = service.person("admin", "a1")
        self._links: dict[str, str] = {}
        self._kept: dict[str, Any] = {}

    async def begin(self) -> None:
        """People who have accounts, and shops that are open."""
        for role, sub in OWN.items():
            account = Account(
                id=sub, email=f"{sub}@shop.example", role=role, name=sub, created_at=utc_now()  # type: ignore[arg-type]
            )
            await self.service.app.world.accounts.store.insert(account)
        for rider in ("r1", "r2"):
            point = {"seq": 1, "ts": int(utc_now().timestamp() * 1000), **SHOP, "accuracy": 5.0}
            async with self.service.person("rider", rider).socket("phone") as socket:
                await socket.report([point])
        for vendor in ("v1", "v2"):
            await self.made("/api/stores", {"name": vendor, "spot": SHOP, "vendor_id": vendor})

    async def ask(self, endpoint: str, role: Role | None, call: Call) -> httpx.Response:
        """Send it."""
        method, path = endpoint.split(" ", 1)
        bearer = await self.bearer(role, call) if role else ""
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {"Authorization": ""}
        body = {"json": call.body} if call.body is not None else {"files": call.files} if call.files else {}
        return await self.admin.http.request(
            method, path.format(**call.path), params=call.query, headers=headers, **body
        )

    async def bearer(self, role: Role, call: Call) -> str:
        """The caller's token: for a guest the link of an order."""
        if role != "guest":
            return token(role, call.sub or OWN[role])
        order = call.order or await self.kept("linked", lambda: self.order(own=True))
        if order not in self._links:
            self._links[order] = str((await self.made(f"/api/orders/{order}/share"))["token"])
        return self._links[order]

    async def kept(self, name: str, make: Any) -> Any:
        """A thing that no call uses up."""
        if name not in self._kept:
            self._kept[name] = await make()
        return self._kept[name]

    async def made(self, path: str, body: Any = None, by: tuple[Role, str] = ("admin", "a1")) -> dict[str, Any]:
        """What a POST made."""
        headers = {"Authorization": f"Bearer {token(*by)}"}
        answer = await self.admin.http.post(path, json=body, headers=headers)
        assert answer.status_code in (200, 201), f"{path}: {answer.text}"
        return dict(answer.json())

    # Things

    async def order(self, *, own: bool, rider: bool = True, steps: tuple[str, ...] = ()) -> str:
        """A new order of theirs."""
        n = 1 if own else 2
        made = await self.service.order(f"c{n}", f"v{n}", f"r{n}" if rider else "")
        for status in steps:
            await self.made(f"/api/orders/{made}/status", {"status": status})
        return made

    async def offered(self, *, own: bool) -> str:
        """An order that their rider is asked to carry."""
        order, now = await self.order(own=own, rider=False), datetime.now(UTC)
        rider = "r1" if own else "r2"
        await self.service.app.world.offers.store.db.offers.insert_one({
            "_id": order, "number": 1, "state": "open", "at": now, "by": "d1", "rider": rider,
            "expires_at": now + timedelta(minutes=5), "asked": [rider],
        })
        return order

    async def product(self, *, own: bool, **fields: Any) -> str:
        """A product of their vendor."""
        body = MANGO | {"vendor_id": "v1" if own else "v2"} | fields
        if body.get("kind") == "service":
            del body["stock"]
        return str((await self.made("/api/products", body))["id"])

    async def appointment(self, *, own: bool) -> str:
        """A booking of theirs, at a time of its own."""
        service = await self.product(own=own, kind="service", duration_min=30)
        body = {"product_id": service, "starts_at": self.a_time(), "customer_id": "c1" if own else "c2"}
        return str((await self.made("/api/appointments", body))["id"])

    def a_time(self) -> str:
        """Some hour that nobody has booked."""
        self._hour = getattr(self, "_hour", 0) + 1
        return (datetime.now(UTC) + timedelta(hours=24 + self._hour)).isoformat()

    async def room(self, role: Role | None, *, own: bool) -> str:
        """A room they are in: with the shop, of the order, or for support; or one of others."""
        if not own:
            return str((await self.made("/api/rooms", {"vendor_id": "v2"}, ("customer", "c2")))["id"])
        if role in STAFF:
            return str((await self.made("/api/rooms", {"support": True}, ("customer", "c1")))["id"])
        if role == "rider":
            return "order_" + str(await self.kept("talked of", lambda: self.order(own=True)))
        return str((await self.made("/api/rooms", {"vendor_id": "v1"}, ("customer", "c1")))["id"])

    async def message(self, room: str, by: tuple[Role, str]) -> str:
        """Something said there."""
        body = {"client_id": str(uuid.uuid4()), "text": "hello"}
        return str((await self.made(f"/api/rooms/{room}/messages", body, by))["message_id"])

    async def device(self, *, own: bool) -> str:
        """A phone of their rider."""
        return str((await self.made("/api/devices", {"rider_id": "r1" if own else "r2"}))["id"])

    async def session(self, sub: str) -> str:
        """A session of theirs."""
        account = Account(id=sub, email=f"{sub}@shop.example", role="customer", name=sub, created_at=utc_now())
        now_ms = int(utc_now().timestamp() * 1000)
        return (await self.service.app.world.accounts.sessions.begin(account, Device(), now_ms)).sid

    async def job(self, *, own: bool) -> str:
        """What became of a picture of their product."""
        path = f"/api/products/{await self.product(own=own)}/images"
        answer = await self.admin.http.post(path, files=picture())
        assert 202 == answer.status_code, answer.text
        return str(answer.json()["id"])

    async def attachment(self, by: tuple[Role, str]) -> str:
        """A picture that somebody sent up."""
        headers = {"Authorization": f"Bearer {token(*by)}"}
        answer = await self.admin.http.post("/api/attachments", files=picture(), headers=headers)
        assert 201 == answer.status_code, answer.text
        return str(answer.json()["id"])


def picture() -> dict[str, Any]:
    """A small one, as a form has it."""
    file = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(file, "PNG")
    return {"file": ("red.png", file.getvalue(), "image/png")}


def sub_of(kind: Kind, *, own: bool) -> str:
    """The name of the callers' own thing of this kind, or of another's."""
    return {"rider": "r", "vendor": "v", "customer": "c"}[kind] + ("1" if own else "2")


NEWCOMER = {"email": "new@shop.example", "password": PASSWORD}
