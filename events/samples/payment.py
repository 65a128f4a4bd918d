"""Payments: asks a provider over HTTP for each new order, and gives back what a cancelled one had paid.

`PAYMENT_URL` in the environment names the provider: POST {url}/charges and {url}/refunds with {order, amount}. The
event's id goes along as Idempotency-Key, because a call may be made again before its answer is committed; a provider
must honour that, and every serious one does. Collection `payments`: {_id: order, amount, state, reference}.
"""

import os
from typing import Any

import httpx

from calls.guard import Guard
from events.event import Event
from events.once import Session
from events.plugin import Plugin
from events.reaction import Hopeless

TIMEOUT_S = 5.0
PROVIDER = Guard("payment", TIMEOUT_S, answers=(Hopeless,))


async def _post(path: str, event: Event, amount: int) -> str:
    """The provider's reference; raises Hopeless when it refuses, and what httpx raises when it cannot be asked."""
    async with httpx.AsyncClient(base_url=os.environ["PAYMENT_URL"], timeout=TIMEOUT_S) as http:
        answer = await http.post(
            path, json={"order": event.data["orderId"], "amount": amount}, headers={"Idempotency-Key": event.id}
        )
    if 400 <= answer.status_code < 500 and answer.status_code != 429:
        raise Hopeless(f"the provider refused with {answer.status_code}")
    answer.raise_for_status()
    return str(answer.json()["reference"])


async def charge(event: Event, tools: Any, session: Session) -> None:
    """Ask for the order's total."""
    amount = event.data["totalPrice"]
    reference = await PROVIDER.ask(lambda: _post("/charges", event, amount))
    row = {"amount": amount, "state": "charged", "reference": reference}
    await tools.db.payments.update_one({"_id": event.data["orderId"]}, {"$set": row}, upsert=True, session=session)


async def refund(event: Event, tools: Any, session: Session) -> None:
    """Give back what was paid. Cancelled before it was charged: tried again later, the charge is on its way."""
    order = event.data["orderId"]
    paid = await tools.db.payments.find_one({"_id": order}, session=session)
    if paid is None:
        raise LookupError(f"order {order} has not been charged yet")
    reference = await PROVIDER.ask(lambda: _post("/refunds", event, paid["amount"]))
    row = {"state": "refunded", "refund": reference}
    await tools.db.payments.update_one({"_id": order}, {"$set": row}, session=session)


PLUGIN = Plugin("payment", {"order.created": charge, "order.cancelled": refund}, guards=(PROVIDER,))
