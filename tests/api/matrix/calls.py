"""How to call each endpoint so that nothing but rights stands in the way."""

import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from api.orders.desk import utc_now
from api.rights import Role
from tests.api.matrix.scene import FENCE, MANGO, NEWCOMER, OWN, Call, Scene, picture, sub_of
from tests.api.serving import DOOR, SHOP

Maker = Callable[[Scene, Role | None, bool], Awaitable[Call]]
TO_READY = ("accepted", "preparing", "ready")
TO_DOOR = (*TO_READY, "picked_up", "arriving", "delivered")


def plain(**call: Any) -> Maker:
    """The same for everybody."""

    async def make(scene: Scene, role: Role | None, own: bool) -> Call:
        return Call(**call)

    return make


def reading(name: str, maker: Maker) -> Maker:
    """On one thing of this name for all callers, which none of them uses up."""

    async def make(scene: Scene, role: Role | None, own: bool) -> Call:
        call: Call = await scene.kept(f"{name}, {own}", lambda: maker(scene, role, own))
        return call

    return make


def about_order(body: Any = None, steps: tuple[str, ...] = (), *, rider: bool = True, offered: bool = False) -> Maker:
    """On a new order; a guest has the link of it, or of another one."""

    async def make(scene: Scene, role: Role | None, own: bool) -> Call:
        is_over = "delivered" in steps
        new = scene.offered(own=own) if offered else scene.order(own=own, rider=rider, steps=steps)
        order = await new
        return Call(path={"order_id": order}, body=body, order=order if own and not is_over else "")

    return make


def as_query(kind: Any, name: str) -> Maker:
    """Whose it is stands in the query."""

    async def make(scene: Scene, role: Role | None, own: bool) -> Call:
        return Call(query={name: sub_of(kind, own=own)})

    return make


def as_path(kind: Any, name: str, body: Any = None) -> Maker:
    """Whose it is stands in the path."""

    async def make(scene: Scene, role: Role | None, own: bool) -> Call:
        return Call(path={name: sub_of(kind, own=own)}, body=body)

    return make


def as_field(kind: Any, field: str, **body: Any) -> Maker:
    """Whose it is stands in the body."""

    async def make(scene: Scene, role: Role | None, own: bool) -> Call:
        return Call(body=body | {field: sub_of(kind, own=own)})

    return make


def about_product(body: Any = None, **fields: Any) -> Maker:
    """On a new product."""

    async def make(scene: Scene, role: Role | None, own: bool) -> Call:
        return Call(path={"product_id": await scene.product(own=own, **fields)}, body=body)

    return make


def in_room(body: Any = None, *, message: str = "", user: bool = False) -> Maker:
    """In a room of theirs; `message`: which field or part of the path names one said there, by whoever may."""

    async def make(scene: Scene, role: Role | None, own: bool) -> Call:
        room = await scene.room(role, own=own)
        path, sent = {"room_id": room}, body
        if user:
            path["user"] = "v1" if role == "customer" else "c1"
        if message:
            is_in = own and role not in (None, "guest")
            by: tuple[Role, str] = (role, OWN[role]) if is_in and role else ("customer", "c1" if own else "c2")
            said = await scene.message(room, by)
            path, sent = (path | {"message_id": said}, body) if message == "path" else (path, body | {message: said})
        return Call(path=path, body=sent)

    return make


async def say(scene: Scene, role: Role | None, own: bool) -> Call:
    room = await scene.room(role, own=own)
    return Call(path={"room_id": room}, body={"client_id": str(uuid.uuid4()), "text": "hello"})


async def place(scene: Scene, role: Role | None, own: bool) -> Call:
    body = {"vendor_id": "v1", "pickup": SHOP, "dropoff": DOOR, "customer_id": "c1" if own else "c2"}
    return Call(body=body)


async def book(scene: Scene, role: Role | None, own: bool) -> Call:
    service = await scene.product(own=own, kind="service", duration_min=30)
    customer = "c1" if own else "c2"
    return Call(body={"product_id": service, "starts_at": scene.a_time(), "customer_id": customer})


async def appointment(scene: Scene, role: Role | None, own: bool) -> Call:
    return Call(path={"appointment_id": await scene.appointment(own=own)})


async def device(scene: Scene, role: Role | None, own: bool) -> Call:
    return Call(path={"device_id": await scene.device(own=own)})


async def session(scene: Scene, role: Role | None, own: bool) -> Call:
    sub = OWN[role] if own and role in OWN else "x9"
    return Call(path={"session_id": await scene.session(sub)})


async def attachment(scene: Scene, role: Role | None, own: bool) -> Call:
    by: tuple[Role, str] = (role, OWN[role]) if own and role in OWN else ("customer", "x9")
    return Call(path={"attachment_id": await scene.attachment(by)})


async def upload(scene: Scene, role: Role | None, own: bool) -> Call:
    return Call(path={"product_id": await scene.product(own=own)}, files=picture())


async def job(scene: Scene, role: Role | None, own: bool) -> Call:
    return Call(path={"job_id": await scene.job(own=own)})


async def step(scene: Scene, role: Role | None, own: bool) -> Call:
    is_rider = role == "rider"
    order = await scene.order(own=own, steps=TO_READY if is_rider else ())
    body = {"status": "picked_up" if is_rider else "accepted"}
    return Call(path={"order_id": order}, body=body, order=order if own else "")


async def activity(scene: Scene, role: Role | None, own: bool) -> Call:
    event = {"action": "product_view", "product_id": "p1", "timestamp": utc_now().isoformat()}
    return Call(body={"session_id": "s1", "events": [event]})


async def newcomer(scene: Scene, role: Role | None, own: bool) -> Call:
    return Call(sub=f"{role}-{uuid.uuid4().hex[:8]}")


async def open_store(scene: Scene, role: Role | None, own: bool) -> Call:
    return Call(body={"name": "Fruits", "spot": SHOP, "vendor_id": "v1" if own else "v2"})


BROWSER = {
    "endpoint": "https://push.example/send/1",
    "keys": {
        "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "auth": "BTBZMqHH6r4Tts7J_aSIgg",
    },
}
STOPS = {"riders": [{"start": SHOP}], "stops": [{"id": "s1", **DOOR}]}
CALLS: dict[str, Maker] = {
    "POST /api/auth/register": plain(body=NEWCOMER),
    "POST /api/auth/login": plain(body=NEWCOMER),
    "POST /api/auth/refresh": plain(body={"refresh_token": "none"}),
    "POST /api/auth/codes": plain(body={"email": "new@shop.example", "purpose": "verify"}),
    "POST /api/auth/codes/verify": plain(body={"email": "new@shop.example", "code": "000000"}),
    "POST /api/auth/password-reset": plain(body=NEWCOMER | {"code": "000000"}),
    "GET /api/auth/oauth/{provider}/login": plain(path={"provider": "nobody"}),
    "GET /api/auth/oauth/{provider}/callback": plain(path={"provider": "nobody"}),
    "DELETE /api/auth/sessions/{session_id}": session,
    "PATCH /api/users/me": plain(body={"name": "Ana"}),
    "POST /api/users/me/email": plain(body={"email": "new@shop.example", "current_password": "not-the-one"}),
    "POST /api/users/me/email/confirm": plain(body={"email": "new@shop.example", "code": "000000"}),
    "DELETE /api/users/me": newcomer,
    "PATCH /api/users/{user_id}": plain(path={"user_id": "c1"}, body={"disabled": False}),
    "POST /api/orders": place,
    "GET /api/orders/{order_id}": reading("order", about_order()),
    "POST /api/orders/{order_id}/assign": about_order({"rider_id": "r3"}),
    "POST /api/orders/{order_id}/status": step,
    "POST /api/orders/{order_id}/cancel": about_order({}),
    "POST /api/orders/{order_id}/rating": about_order({"stars": 5}, TO_DOOR),
    "POST /api/orders/{order_id}/share": about_order(),
    "DELETE /api/orders/{order_id}/share": about_order(),
    "GET /api/orders/{order_id}/tracking": reading("order", about_order()),
    "GET /api/orders/{order_id}/track": reading("order", about_order()),
    "GET /api/orders/{order_id}/evidence": reading("order", about_order()),
    "POST /api/orders/{order_id}/offer": about_order(rider=False),
    "GET /api/orders/{order_id}/offer": reading("offer", about_order(offered=True)),
    "POST /api/orders/{order_id}/offer/accept": about_order(offered=True),
    "POST /api/orders/{order_id}/offer/decline": about_order(offered=True),
    "PUT /api/cart/items/{product_id}": about_product({"quantity": 1}),
    "DELETE /api/cart/items/{product_id}": about_product(),
    "POST /api/appointments": book,
    "GET /api/appointments/{appointment_id}": reading("appointment", appointment),
    "POST /api/appointments/{appointment_id}/cancel": appointment,
    "GET /api/earnings": as_query("rider", "rider"),
    "GET /api/products/{product_id}": reading("product", about_product()),
    "GET /api/products/{product_id}/inventory": reading("product", about_product()),
    "POST /api/products": as_field("vendor", "vendor_id", **MANGO),
    "PUT /api/products/{product_id}": about_product(MANGO),
    "PATCH /api/products/{product_id}": about_product({"price": 5}),
    "DELETE /api/products/{product_id}": about_product(),
    "POST /api/products/{product_id}/images": upload,
    "GET /api/images/{name}": plain(path={"name": "none"}),
    "GET /api/jobs/{job_id}": reading("job", job),
    "GET /api/stores/{vendor_id}": as_path("vendor", "vendor_id"),
    "POST /api/stores": open_store,
    "PATCH /api/stores/{vendor_id}": as_path("vendor", "vendor_id", {"name": "Fruits"}),
    "POST /api/activity": activity,
    "GET /api/analytics/daily": as_query("vendor", "vendor"),
    "GET /api/riders/near": plain(query={"lat": "0", "lng": "0"}),
    "GET /api/riders/{rider_id}": as_path("rider", "rider_id"),
    "GET /api/riders/{rider_id}/track": as_path("rider", "rider_id"),
    "GET /api/riders/{rider_id}/day": as_path("rider", "rider_id"),
    "POST /api/devices": as_field("rider", "rider_id"),
    "GET /api/devices": as_query("rider", "rider_id"),
    "DELETE /api/devices/{device_id}": device,
    "GET /api/ingest/{device_key}": plain(path={"device_key": "none"}),
    "POST /api/ingest/{device_key}": plain(path={"device_key": "none"}),
    "POST /api/routes/optimize": plain(body=STOPS),
    "POST /api/geofences": plain(body=FENCE),
    "GET /api/geofences/{fence_id}": plain(path={"fence_id": "f1"}),
    "PUT /api/geofences/{fence_id}": plain(path={"fence_id": "f1"}, body=FENCE),
    "DELETE /api/geofences/{fence_id}": plain(path={"fence_id": "f1"}),
    "GET /api/geofences/{fence_id}/events": plain(path={"fence_id": "f1"}),
    "POST /api/rooms": plain(body={"support": True}),
    "GET /api/rooms/{room_id}": in_room(),
    "GET /api/rooms/{room_id}/messages": in_room(),
    "POST /api/rooms/{room_id}/messages": say,
    "PATCH /api/rooms/{room_id}/messages/{message_id}": in_room({"text": "other"}, message="path"),
    "DELETE /api/rooms/{room_id}/messages/{message_id}": in_room(message="path"),
    "POST /api/rooms/{room_id}/marks": in_room({"read": 1}),
    "POST /api/rooms/{room_id}/reports": in_room({"reason": "rude"}, message="message_id"),
    "PUT /api/rooms/{room_id}/mute": in_room(),
    "DELETE /api/rooms/{room_id}/mute": in_room(),
    "PUT /api/rooms/{room_id}/blocks/{user}": in_room(user=True),
    "DELETE /api/rooms/{room_id}/blocks/{user}": in_room(user=True),
    "POST /api/attachments": plain(files=picture()),
    "GET /api/attachments/{attachment_id}": attachment,
    "DELETE /api/chat/data": newcomer,
    "POST /api/notifications/ack": plain(body={"ids": ["n1"]}),
    "POST /api/notifications/{notice_id}/read": plain(path={"notice_id": "n1"}),
    "PUT /api/notifications/preferences": plain(body={}),
    "POST /api/events/dead/replay": plain(body={"ids": []}),
    "POST /api/push/subscriptions": plain(body=BROWSER),
    "DELETE /api/push/subscriptions/{browser_id}": plain(path={"browser_id": "b1"}),
    "PUT /api/contacts/{sub}": plain(path={"sub": "c1"}, body={"email": "c1@shop.example"}),
    "POST /api/webhooks": plain(body={"url": "https://hooks.example/1"}),
    **{
        f"{method} /api/webhooks/{{hook_id}}{end}": plain(path={"hook_id": "h1"}, body=body)
        for method, end, body in (
            ("GET", "", None), ("PATCH", "", {"is_on": True}), ("DELETE", "", None), ("POST", "/secret", None),
            ("POST", "/replay", None), ("GET", "/deliveries", None),
        )
    },
    "POST /api/webhooks/deliveries/{delivery_id}/replay": plain(path={"delivery_id": "d1"}),
    "GET /health/services/{name}": plain(path={"name": "redis"}),
    "GET /tiles/{file}": plain(path={"file": "none"}),
}
