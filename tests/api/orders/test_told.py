"""What an order's changes tell the workers: one event each, written with the change."""

from datetime import UTC, datetime

import pytest

from api.orders.order import Order, Spot
from api.orders.rules import apply_assignment, apply_step, log_item
from api.orders.store import OrderStore, Written
from api.orders.told import told
from infra.clients import Database
from live.store import ChannelLog

NOW = datetime(2026, 11, 25, 10, tzinfo=UTC)
MANILA = Spot(lat=14.5995, lng=120.9842)
ITEMS = ({"name": "mango", "price": 250, "quantity": 3}, {"name": "bag", "price": 10}, {"name": "a note"})


def placed(**fields: object) -> Order:
    """A fresh order."""
    about = {"customer": "c1", "vendor": "v1", "pickup": MANILA, "dropoff": MANILA, "items": ITEMS} | fields
    return Order(id="o1", created_at=NOW, updated_at=NOW, **about)  # type: ignore[arg-type]


def test_a_new_order_tells_who_what_and_how_much() -> None:
    """The five fields of the marketplace, money in minor units."""
    type_, data = told(None, placed())
    assert "ORDER_CREATED" == type_
    assert ("o1", "c1", "v1", 760) == (data["orderId"], data["userId"], data["farmerId"], data["totalPrice"])
    assert list(ITEMS) == data["items"]


@pytest.mark.parametrize(("to", "type_"), [("accepted", "ORDER_UPDATED"), ("cancelled", "ORDER_CANCELLED")])
def test_a_step_tells_what_it_was_before(to: str, type_: str) -> None:
    """A cancellation has a type of its own."""
    before = placed()
    said, data = told(before, apply_step(before, to, NOW, None, None))  # type: ignore[arg-type]
    assert (type_, "status", "order_placed", to, 2) == (
        said, data["change"], data["before"], data["status"], data["rev"],
    )


def test_a_new_rider_is_a_change_too() -> None:
    """It tells the rider and the one before."""
    first = apply_assignment(placed(), "r1", NOW)
    type_, data = told(first, apply_assignment(first, "r2", NOW))
    assert ("ORDER_UPDATED", "rider", "r1", "r2") == (type_, data["change"], data["before"], data["riderId"])


async def test_each_change_of_an_order_leaves_one_event_and_a_refused_one_none(database: Database) -> None:
    """Placing, a step and an assignment are three events; the same rider again and a conflict are none."""
    store = OrderStore(database, ChannelLog(database))
    await store.ensure_indexes()
    order = placed()
    entries = (("order:o1", log_item(order, "c1")),)
    await store.insert(order, entries)
    for change in (
        lambda found: apply_step(found, "accepted", NOW, None, None),
        lambda found: apply_assignment(found, "r1", NOW),
        lambda found: apply_assignment(found, "r1", NOW),
    ):
        assert isinstance(await store.change("o1", lambda found, change=change: (change(found), entries)), Written)
    events = await store.outbox.waiting(10)
    assert ["ORDER_CREATED", "ORDER_UPDATED", "ORDER_UPDATED"] == [event.type for event in events]
    assert [1, 2, 3] == [event.data["rev"] for event in events]
