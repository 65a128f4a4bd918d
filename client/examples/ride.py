"""A rider's app: places from standard input, one `lat,lng` a line, kept until the server has them.

    printf '14.5995,120.9842\\n14.6001,120.9850\\n' | python -m client.examples.ride ws://127.0.0.1:8000/ws "$TOKEN"
"""

import asyncio
import sys

from client.reconnect import Ridewire
from client.rider import RiderUplink


async def ride(url: str, token: str) -> None:
    """Send every line, and end when all are durable."""
    session = Ridewire.connect(url, token=token, client="example-phone")
    async with session, RiderUplink(session) as uplink:
        for line in sys.stdin:
            lat, lng = line.split(",")
            uplink.add(float(lat), float(lng))
        await uplink.drained(within_s=30)
        print(f"{uplink.acked} places are durable", flush=True)


if __name__ == "__main__":
    asyncio.run(ride(*sys.argv[1:3]))
