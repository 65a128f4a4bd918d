"""A chat window: what others say is printed, what one types is said, once, however bad the line is.

    python -m client.examples.chat ws://127.0.0.1:8000/ws "$TOKEN" vendor_v1_customer_c1
"""

import asyncio
import sys
import uuid

from client.errors import ConnectionLost
from client.reconnect import Ridewire


async def say(session: Ridewire, room: str, text: str) -> None:
    """Say it until it is stored: the same `client_id` again stores nothing twice."""
    said = {"type": "chat.send", "room": room, "client_id": str(uuid.uuid4()), "text": text}
    while True:
        try:
            await session.request(said)
            return
        except (ConnectionLost, TimeoutError):
            await session.connected()


async def read(session: Ridewire) -> None:
    """Print what is said."""
    async for push in session:
        if push["type"] == "chat.message":
            print(f"{push['sender']}: {push['text']}", flush=True)


async def chat(url: str, token: str, room: str) -> None:
    """Until standard input ends."""
    async with Ridewire.connect(url, token=token) as session:
        await session.subscribe(f"room:{room}")
        reading = asyncio.create_task(read(session))
        while line := await asyncio.to_thread(sys.stdin.readline):
            await say(session, room, line.strip())
        reading.cancel()


if __name__ == "__main__":
    asyncio.run(chat(*sys.argv[1:4]))
