"""How people can be reached: their browsers' push subscriptions, and an e-mail address and telephone number.

Collection `push_subscriptions`: one document a browser, `_id` made from its endpoint, so it belongs to whoever
subscribed it last. Contacts stand beside the preferences in `notification_people`.
"""

import hashlib
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
from motor.motor_asyncio import AsyncIOMotorDatabase
from pymongo import ASCENDING, DESCENDING

from notifications.preferences import Preferences
from notifications.store import preferences_in
from notifications.ways.webpush import Subscription

Row = dict[str, Any]
MOST_BROWSERS = 20
AccountEmail = Callable[[str], Awaitable[str | None]]


class Contact(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where else somebody can be reached; empty: not there."""

    email: str = ""
    phone: str = ""


class Reach(msgspec.Struct, frozen=True):
    """A person as whoever wants to reach them needs to know them."""

    preferences: Preferences
    contact: Contact
    browsers: tuple[Subscription, ...] = ()


async def no_account(sub: str) -> str | None:
    """For when nobody keeps accounts."""
    return None


class Book:
    """`account_email` tells the checked address of somebody's account; a contact that was set counts before it."""

    def __init__(self, db: AsyncIOMotorDatabase[Row], account_email: AccountEmail = no_account) -> None:
        self.browsers, self.people = db.get_collection("push_subscriptions"), db.get_collection("notification_people")
        self._account_email = account_email

    async def ensure_indexes(self) -> None:
        """Make the index; harmless when it stands."""
        await self.browsers.create_index([("user", ASCENDING), ("at", DESCENDING)])

    async def reach(self, user: str) -> Reach:
        """All there is."""
        person = await self.people.find_one({"_id": user}, {"preferences": 1, "contact": 1}) or {}
        contact = msgspec.convert(person.get("contact") or {}, Contact)
        if not contact.email and (email := await self._account_email(user)):
            contact = msgspec.structs.replace(contact, email=email)
        return Reach(preferences_in(person), contact, tuple(await self.subscriptions(user)))

    async def put_contact(self, user: str, contact: Contact) -> None:
        """Keep how somebody can be reached."""
        kept = {"$set": {"contact": msgspec.to_builtins(contact)}}
        await self.people.update_one({"_id": user}, kept, upsert=True)

    async def subscriptions(self, user: str) -> list[Subscription]:
        """A person's browsers, newest first."""
        rows = self.browsers.find({"user": user}).sort("at", DESCENDING).limit(MOST_BROWSERS)
        return [Subscription(row["_id"], row["endpoint"], row["p256dh"], row["auth"]) async for row in rows]

    async def subscribe(self, user: str, endpoint: str, p256dh: str, auth: str) -> Subscription:
        """Keep a browser; over the bound the person's oldest go."""
        browser = Subscription(hashlib.blake2b(endpoint.encode(), digest_size=12).hexdigest(), endpoint, p256dh, auth)
        row = {"user": user, "endpoint": endpoint, "p256dh": p256dh, "auth": auth, "at": datetime.now(UTC)}
        await self.browsers.replace_one({"_id": browser.id}, row, upsert=True)
        old = self.browsers.find({"user": user}, {"_id": 1}).sort("at", DESCENDING).skip(MOST_BROWSERS)
        if ids := [row["_id"] async for row in old]:
            await self.browsers.delete_many({"_id": {"$in": ids}})
        return browser

    async def unsubscribe(self, user: str, browser: str) -> bool:
        """Forget one of a person's browsers; whether it was there."""
        return bool((await self.browsers.delete_one({"_id": browser, "user": user})).deleted_count)

    async def forget(self, browser: str) -> None:
        """Its push service knows it no more."""
        await self.browsers.delete_one({"_id": browser})
