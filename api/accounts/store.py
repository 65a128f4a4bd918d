"""Accounts in MongoDB. Collection `accounts`: {_id: the account's id, email (unique), role, name, password, …}.

Collection `identities`: {_id: PROVIDER|SUBJECT, account}: whose account it is that comes by that provider.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from api.accounts.account import Account
from infra.clients import Database


class Taken(Exception):
    """Somebody else has this address."""


def to_document(account: Account) -> dict[str, Any]:
    """The account as MongoDB keeps it."""
    document: dict[str, Any] = msgspec.to_builtins(account, builtin_types=(datetime,))
    return {"_id": document.pop("id"), **document}


def from_document(document: Mapping[str, Any]) -> Account:
    """The account as it was kept."""
    rest = {name: value for name, value in document.items() if name != "_id"}
    return msgspec.convert({"id": document["_id"], **rest}, Account)


Forget = Callable[[str], Awaitable[object]]


async def forget_nothing(account_id: str) -> None:
    """Where nothing of accounts is cached."""


class AccountStore:
    """Reads and writes accounts. `forget` drops what is cached of one."""

    def __init__(self, db: Database, forget: Forget = forget_nothing) -> None:
        self.db, self.forget = db, forget

    async def ensure_indexes(self) -> None:
        """Make the indexes; harmless when they stand."""
        await self.db.accounts.create_index("email", unique=True)
        await self.db.identities.create_index("account")

    async def get(self, account_id: str) -> Account | None:
        """The account, or None."""
        return await self._one({"_id": account_id})

    async def by_email(self, email: str) -> Account | None:
        """The account with this address, in the form `rules.email_key` gives it."""
        return await self._one({"email": email})

    async def checked_email(self, account_id: str) -> str | None:
        """The address of an account whose owner proved it is theirs; None for any other account, and for none."""
        found = await self._one({"_id": account_id, "email_verified": True, "disabled": False})
        return found.email if found else None

    async def insert(self, account: Account) -> bool:
        """Keep a new account; False when its address has one already."""
        try:
            await self.db.accounts.insert_one(to_document(account))
        except DuplicateKeyError:
            return False
        return True

    async def change(self, account_id: str, **fields: Any) -> Account | None:
        """Set these fields; the account as it is now, None when it is gone. Raises Taken for an address of another.

        What is cached is forgotten before too: should the process die right after the write, hardly anybody has read.
        """
        await self.forget(account_id)
        try:
            changed = await self.db.accounts.find_one_and_update(
                {"_id": account_id}, {"$set": fields}, return_document=ReturnDocument.AFTER
            )
        except DuplicateKeyError as error:
            raise Taken("another account has this address") from error
        await self.forget(account_id)
        return from_document(changed) if changed else None

    async def erase(self, account_id: str) -> bool:
        """Remove it; whether it was there."""
        await self.db.identities.delete_many({"account": account_id})
        gone = await self.db.accounts.delete_one({"_id": account_id})
        await self.forget(account_id)
        return bool(gone.deleted_count)

    async def of_identity(self, provider: str, subject: str) -> str | None:
        """The account of somebody a provider knows, or None."""
        found = await self.db.identities.find_one({"_id": f"{provider}|{subject}"})
        return str(found["account"]) if found else None

    async def link(self, provider: str, subject: str, account_id: str) -> None:
        """The account is theirs from now on."""
        await self.db.identities.replace_one({"_id": f"{provider}|{subject}"}, {"account": account_id}, upsert=True)

    async def page(self, where: Mapping[str, Any], after: str | None, limit: int) -> list[Account]:
        """Accounts by id, those behind `after`."""
        query = {**where, **({"_id": {"$gt": after}} if after else {})}
        return [from_document(row) async for row in self.db.accounts.find(query).sort("_id", 1).limit(limit)]

    async def _one(self, where: Mapping[str, Any]) -> Account | None:
        found = await self.db.accounts.find_one(where)
        return from_document(found) if found else None
