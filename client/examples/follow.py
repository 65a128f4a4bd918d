"""A customer's delivery map, in words: an order's steps, where its rider is, and when it will be there.

    python -m client.examples.follow ws://127.0.0.1:8000/ws "$TOKEN" o1
"""

import asyncio
import sys

from client.reconnect import Ridewire


async def follow(url: str, token: str, order: str) -> None:
    """Print what happens until it has ended. `token` may be a share link's."""
    async with Ridewire.connect(url, token=token) as session:
        joined = await session.subscribe(f"order:{order}")
        print("order", order, "is", joined["state"]["status"], flush=True)
        async for push in session:
            match push["type"]:
                case "position":
                    print("rider at", push["lat"], push["lng"], flush=True)
                case "eta":
                    print("expected", push["at"], flush=True)
                case "order":
                    print("order", order, "is", push["status"], flush=True)
                    if push["status"] in ("delivered", "cancelled"):
                        return


if __name__ == "__main__":
    asyncio.run(follow(*sys.argv[1:4]))
