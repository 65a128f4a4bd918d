"""The same shops for each system: 200 products of ten vendors, 10,000 orders of one of them today, most delivered.

Beside them 60,000 products that nobody asks for twice, for reads that no cache answers.
"""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pymongo

from api.orders.order import new_id

PRODUCTS, VENDORS, ORDERS, CUSTOMERS = 200, 10, 10_000, 500
SELDOM = 60_000
VENDOR = "v0"
SPOT = {"lat": 14.5995, "lng": 120.9842}


def product_ids() -> list[str]:
    """Of all products, oldest first."""
    return [new_id(1_760_000_000_000 + number, number, "p") for number in range(PRODUCTS)]


def seldom_ids() -> list[str]:
    """Of products older than all others, each asked for once at most."""
    return [new_id(1_750_000_000_000 + number, number, "p") for number in range(SELDOM)]


def products() -> list[dict[str, Any]]:
    """As Ridewire keeps them."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    sold = [(name, f"v{number % VENDORS}") for number, name in enumerate(product_ids())]
    return [
        {
            "_id": name, "vendor": vendor, "kind": "product", "name": f"Product number {number}",
            "description": "Picked this morning, and brought to your door before noon.", "category": "fruit",
            "price": 100 + number, "currency": "PHP", "stock": 10**9, "duration_min": None, "images": [], "rev": 1,
            "created_at": at, "updated_at": at,
        }
        for number, (name, vendor) in enumerate([*sold, *((name, "elsewhere") for name in seldom_ids())])
    ]


def orders(now: datetime) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Orders of VENDOR spread over the day so far, and the deliveries of most."""
    dice = random.Random(1)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    rows, done = [], []
    for number in range(ORDERS):
        at = midnight + (now - midnight) * (number / ORDERS)
        order_id = new_id(int(at.timestamp() * 1000), number)
        status = "delivered" if number % 10 else "order_placed"
        item = {"product_id": "p" + "0" * 14, "name": "Mango", "quantity": 2, "price": 500, "currency": "PHP"}
        rows.append({
            "_id": order_id, "customer": f"c{number % CUSTOMERS}", "vendor": VENDOR, "rider": "r1", "status": status,
            "rev": 7, "pickup": SPOT, "dropoff": SPOT, "items": [item], "total": 1000, "currency": "PHP",
            "created_at": at, "updated_at": at, "legs": [],
            "tracking_events": [{"status": "order_placed", "timestamp": at, "location": SPOT}],
        })
        if status == "delivered":
            took_s = dice.uniform(900, 4000)
            done.append({
                "_id": order_id, "rider": "r1", "vendor": VENDOR, "customer": "c1", "placed_at": at,
                "delivered_at": at + timedelta(seconds=1), "took_s": took_s, "ride_s": took_s / 2,
                "late": took_s > 2700, "total": 1000, "currency": "PHP",
            })
    return rows, done


def fill(url: str, name: str, *, with_indexes: bool) -> None:
    """Write it all; with the indexes that a shop would have, unless the program has made its own."""
    now = datetime.now(UTC)
    with pymongo.MongoClient[dict[str, Any]](url) as client:
        db = client[name]
        rows, done = orders(now)
        db.products.insert_many(products())
        db.orders.insert_many(rows)
        db.deliveries.insert_many(done)
        if with_indexes:
            for field in ("customer", "vendor"):
                db.orders.create_index([(field, 1), ("_id", -1)])
            db.orders.create_index([("vendor", 1), ("created_at", -1)])
            db.products.create_index([("vendor", 1), ("_id", -1)])
            db.deliveries.create_index([("vendor", 1), ("delivered_at", -1)])
        db.channel_heads.update_one({"_id": "ops"}, {"$setOnInsert": {"offset": 0, "epoch": "bench"}}, upsert=True)
