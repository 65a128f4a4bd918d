"""Phones and their keys over HTTP. A rider keeps their own; an admin keeps everybody's."""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Request, Router, delete, get, post
from litestar.datastructures import State
from litestar.params import JSONBody, PathParameter, QueryParameter

from api.bearer import Caller
from api.bodies import SMALL_BODY_BYTES, json_only
from api.errors import Refusal, Refused
from api.orders.desk import utc_now
from api.orders.shapes import Body
from api.phones.store import Device, DeviceStore
from api.problems import described
from api.rights import Actor, RiderThing, may

Label = Annotated[str, msgspec.Meta(min_length=1, max_length=60, examples=["Ana's Android"])]
RiderName = Annotated[str, msgspec.Meta(min_length=1, max_length=128, examples=["r1"])]
WHOSE = "whose phones; a rider may leave it out"


class AddDevice(Body, frozen=True, kw_only=True):
    """A phone to be let in. `rider_id`: whose it is; a rider may leave it out."""

    rider_id: RiderName | None = None
    name: Label = "phone"


class DeviceView(msgspec.Struct, frozen=True, kw_only=True):
    """A phone that may send. `heard_at`: when it last sent a place that was new."""

    id: str
    rider_id: str
    name: str
    created_at: datetime
    heard_at: datetime | None


class NewDevice(DeviceView, frozen=True, kw_only=True):
    """The same with its key and the address to type into the app. Shown this once: only a hash is kept."""

    key: str
    url: str


class Devices(msgspec.Struct, frozen=True):
    """A rider's phones, the oldest first."""

    items: list[DeviceView]


@post("/", summary="Let a phone app send for a rider", status_code=201, responses=described(403, 409))
async def add(
    actor: Caller, request: Request[None, None, State], data: JSONBody[AddDevice | None] = None
) -> NewDevice:
    """For the rider and admins. The key in the address may write this rider's places and read nothing.

    Type `url` into the app; which app wants it where stands in docs/phones.md.
    """
    wanted = data or AddDevice()
    rider = _rider(actor, wanted.rider_id)
    made = await _store(request.app.state).add(rider, wanted.name, actor.sub, utc_now())
    if isinstance(made, Refused):
        raise Refusal.of(made)
    device, key = made
    base: str = request.app.state.settings.public_url or str(request.base_url)
    return NewDevice(
        id=device.id, rider_id=rider, name=device.name, created_at=device.created_at, heard_at=None, key=key,
        url=f"{base.rstrip('/')}/api/ingest/{key}",
    )


@get("/", summary="A rider's phones", responses=described(403))
async def listed(
    actor: Caller, state: State,
    rider_id: Annotated[str | None, QueryParameter(max_length=128, description=WHOSE)] = None,
) -> Devices:
    """For the rider and admins; without keys, which nobody sees twice."""
    return Devices([_view(device) for device in await _store(state).of_rider(_rider(actor, rider_id))])


@delete("/{device_id:str}", summary="Revoke a phone's key", responses=described(404))
async def revoke(actor: Caller, state: State, device_id: Annotated[str, PathParameter(max_length=64)]) -> None:
    """For the rider and admins. The next request with its key is answered 404, in every process."""
    device = await _store(state).get(device_id)
    if device is None or not may(actor, "device.keep", RiderThing(device.rider)):
        raise Refusal("not_found", f"You have no phone {device_id}.")
    await _store(state).revoke(device_id)


def _rider(actor: Actor, rider_id: str | None) -> str:
    """Whose phones are meant."""
    if rider_id is None and actor.role != "rider":
        raise Refusal("bad_request", "Say whose phone it is.", "rider_id")
    rider = rider_id or actor.sub
    if not may(actor, "device.keep", RiderThing(rider)):
        raise Refusal("forbidden", "Riders keep their own phones, admins those of all.")
    return rider


def _store(state: State) -> DeviceStore:
    store: DeviceStore = state.intake.devices
    return store


def _view(device: Device) -> DeviceView:
    return DeviceView(
        id=device.id, rider_id=device.rider, name=device.name, created_at=device.created_at, heard_at=device.heard_at
    )


router = Router(
    "/api/devices", tags=["phones"], guards=[json_only], request_max_body_size=SMALL_BODY_BYTES,
    route_handlers=[add, listed, revoke],
)
