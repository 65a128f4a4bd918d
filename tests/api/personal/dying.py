"""`python -m tests.api.personal.dying URL DATABASE SUB`: erases somebody and dies by kill -9 after the first step."""

import asyncio
import os
import signal
import sys

from api.personal.erasure import Erasures
from api.personal.shelves import Whose
from api.personal.store import PersonalStore
from infra.clients import open_mongo


async def main(url: str, name: str, sub: str) -> None:
    """Erase and die."""
    async with open_mongo(url, name) as db:

        async def first(whose: Whose) -> None:
            await db.carts.delete_one({"_id": whose.sub})

        async def die(whose: Whose) -> None:
            os.kill(os.getpid(), signal.SIGKILL)

        store = PersonalStore(db)
        steps = {"cart": first, "death": die, "rest": store.empty}
        await Erasures(db, steps, store.under_way).ask(Whose(sub=sub, role="customer", email="c@shop.example"))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
