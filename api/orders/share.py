"""Share links: who has one watches one order without an account. Only hashes are kept; links die with their order.

Collection `shares`: {_id: SHA-256 of the token, order, by, expires_at}; MongoDB's TTL sweep takes the expired away.
"""

import hashlib
import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import msgspec

from api.errors import Refused
from api.orders.order import Order
from api.rights import ENDED, Actor
from infra.clients import Database

PREFIX = "rws_"
TOKEN_BYTES = 24
LIFE = timedelta(hours=4)
MOST_LINKS = 20
LONGEST = len(PREFIX) + 64


class Share(msgspec.Struct, frozen=True):
    """A link as its maker sees it, once: the token itself is kept nowhere."""

    token: str
    expires_at: datetime


def digest_of(token: str) -> str:
    """The hash under which a token is kept, and the `token_id` of the guests it lets in."""
    return hashlib.sha256(token.encode()).hexdigest()


class Shares:
    """The links of all orders."""

    def __init__(self, db: Database, find_order: Callable[[str], Awaitable[Order | None]]) -> None:
        self.db, self.find_order = db, find_order

    async def ensure_indexes(self) -> None:
        """Make the indexes; harmless when they stand."""
        await self.db.shares.create_index("order")
        await self.db.shares.create_index("expires_at", expireAfterSeconds=0)

    async def make(self, order: Order, by: str, now: datetime) -> Share | Refused:
        """A new link to a running order, good for four hours at most."""
        if order.status in ENDED:
            return Refused("illegal_step", f"The order is {order.status}; there is nothing left to watch.")
        if await self.db.shares.count_documents({"order": order.id, "expires_at": {"$gt": now}}) >= MOST_LINKS:
            return Refused("rate_limited", f"The order has {MOST_LINKS} live links already; revoke them first.")
        share = Share(PREFIX + secrets.token_urlsafe(TOKEN_BYTES), now + LIFE)
        await self.db.shares.insert_one(
            {"_id": digest_of(share.token), "order": order.id, "by": by, "expires_at": share.expires_at}
        )
        return share

    async def revoke(self, order_id: str) -> int:
        """End all links of the order; how many there were."""
        return int((await self.db.shares.delete_many({"order": order_id})).deleted_count)

    async def live(self, token_ids: list[str]) -> set[str]:
        """Which of these guests' links still stand."""
        found = self.db.shares.find({"_id": {"$in": token_ids}}, {"_id": 1})
        return {str(document["_id"]) async for document in found}

    async def resolve(self, token: str, now: datetime) -> Actor | Refused:
        """The guest a link lets in. An unknown, revoked, expired or ended one all give the same answer."""
        dead = Refused("bad_token", "This link does not work, or no longer: ask for a new one.")
        if len(token) > LONGEST:
            return dead
        digest = digest_of(token)
        found = await self.db.shares.find_one({"_id": digest, "expires_at": {"$gt": now}})
        order = await self.find_order(found["order"]) if found else None
        if found is None or order is None or order.status in ENDED:
            return dead
        return Actor(
            sub=f"guest:{digest[:12]}", role="guest", expires_at=found["expires_at"].timestamp(), token_id=digest,
            order=order.id,
        )
