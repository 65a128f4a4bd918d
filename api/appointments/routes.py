"""Appointments over HTTP: a customer books a vendor's service; both parties may cancel."""

import secrets
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from litestar import Response, Router, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody, PathParameter, QueryParameter

from api.appointments.rules import Appointment, check_cancel, check_service, check_time, ends
from api.appointments.store import AppointmentStore
from api.bearer import Caller
from api.bodies import SMALL_BODY_BYTES, json_only
from api.catalog.routes import Catalog, provide_catalog
from api.errors import Refusal, Refused
from api.orders.desk import utc_now
from api.orders.order import RANDOM_BITS, new_id, to_ms
from api.orders.shapes import Body, Note, Sub
from api.problems import described
from api.rights import STAFF, Booking, may, relation

OWN_FIELD = {"customer": "customer", "vendor": "vendor"}
Book = NamedDependency[AppointmentStore]
AppointmentId = Annotated[str, PathParameter(description="the appointment's id", max_length=64)]
ProductId = Annotated[str, msgspec.Meta(min_length=1, max_length=64, examples=["p0abc23defgh4jk"])]


class BookIt(Body, frozen=True):
    """Which service, and when it begins. Customers leave `customer_id` out: it is theirs."""

    product_id: ProductId
    starts_at: datetime
    customer_id: Sub | None = None
    note: Note | None = None


class AppointmentView(msgspec.Struct, frozen=True, kw_only=True):
    """An appointment as its parties see it."""

    id: str
    status: Literal["booked", "cancelled"]
    customer_id: str
    vendor_id: str
    product_id: str
    service: str
    starts_at: datetime
    ends_at: datetime
    note: str
    created_at: datetime
    updated_at: datetime


class AppointmentPage(msgspec.Struct, frozen=True, kw_only=True):
    """Appointments, the newest made first; `next` is the `after` of the next page, null on the last."""

    items: list[AppointmentView]
    next: str | None


async def provide_book(state: State) -> AppointmentStore:
    """The dependency `book`."""
    book: AppointmentStore = state.market.appointments
    return book


@post("/", summary="Book an appointment", responses=described(403, 404, 409, 413, 415))
async def make(
    book: Book, catalog: Catalog, actor: Caller, data: JSONBody[BookIt]
) -> Response[AppointmentView]:
    """Customers for themselves, an admin for anybody. Nobody else can have the vendor's time once it is booked."""
    customer = data.customer_id or (actor.sub if actor.role == "customer" else "")
    product = await catalog.store.get(data.product_id)
    vendor = product.vendor if product else ""
    if not customer or not may(actor, "appointment.book", Booking(customer, vendor)):
        raise Refusal("forbidden", f"A {actor.role} books nothing for {customer or 'nobody'}.", "customer_id")
    now = utc_now()
    refused = check_service(product, data.product_id) or check_time(data.starts_at, now)
    if refused is not None or product is None:
        raise Refusal.of(refused or Refused("not_found", "There is no such service.", "product_id"))
    booked = await book.book(Appointment(
        id=new_id(to_ms(now), secrets.randbits(RANDOM_BITS), "a"), customer=customer, vendor=vendor,
        product=product.id, service=product.name, starts_at=data.starts_at, ends_at=ends(data.starts_at, product),
        note=data.note or "", created_at=now, updated_at=now,
    ))
    made = written(booked)
    return Response(made, status_code=201, headers={"Location": f"/api/appointments/{made.id}"})


@get("/", summary="My appointments", responses=described(403))
async def own(
    book: Book,
    actor: Caller,
    after: Annotated[str | None, QueryParameter(max_length=64, description="`next` of the page before")] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=200)] = 50,
) -> AppointmentPage:
    """A customer's or a vendor's own; staff see everybody's."""
    if actor.role not in OWN_FIELD and actor.role not in STAFF:
        raise Refusal("forbidden", f"A {actor.role} has no appointments.")
    where: dict[str, Any] = {OWN_FIELD[actor.role]: actor.sub} if actor.role in OWN_FIELD else {}
    found = await book.page(where, after, limit + 1)
    items = [view(each) for each in found[:limit]]
    return AppointmentPage(items=items, next=items[-1].id if len(found) > limit else None)


@get("/{appointment_id:str}", summary="One appointment", responses=described(404))
async def read(book: Book, actor: Caller, appointment_id: AppointmentId) -> AppointmentView:
    """For its parties and staff."""
    found = await book.get(appointment_id)
    if found is None or relation(actor, found.parties) is None:
        raise Refusal("not_found", f"There is no appointment {appointment_id}, or it is none of yours.")
    return view(found)


@post("/{appointment_id:str}/cancel", summary="Cancel it", status_code=200, responses=described(403, 404, 409))
async def cancel(book: Book, actor: Caller, appointment_id: AppointmentId) -> AppointmentView:
    """Its customer, its vendor or an admin, before it begins. The time is free again."""
    found = await book.get(appointment_id)
    if found is None or relation(actor, found.parties) is None:
        raise Refusal("not_found", f"There is no appointment {appointment_id}, or it is none of yours.")
    if not may(actor, "appointment.cancel", found.parties):
        raise Refusal("forbidden", f"A {actor.role} may not cancel it.")
    now = utc_now()
    if found.status == "booked" and (refused := check_cancel(found, now)) is not None:
        raise Refusal.of(refused)
    return written(await book.cancel(found, now))


def written(made: Appointment | Refused) -> AppointmentView:
    """The answer to a successful change; raises what was refused."""
    if isinstance(made, Refused):
        raise Refusal.of(made)
    return view(made)


def view(appointment: Appointment) -> AppointmentView:
    """The appointment as an answer."""
    return AppointmentView(
        id=appointment.id, status=appointment.status, customer_id=appointment.customer, vendor_id=appointment.vendor,
        product_id=appointment.product, service=appointment.service, starts_at=appointment.starts_at,
        ends_at=appointment.ends_at, note=appointment.note, created_at=appointment.created_at,
        updated_at=appointment.updated_at,
    )


router = Router(
    "/api/appointments", tags=["orders"], guards=[json_only], request_max_body_size=SMALL_BODY_BYTES,
    route_handlers=[make, own, read, cancel],
    dependencies={"book": Provide(provide_book), "catalog": Provide(provide_catalog)},
)
