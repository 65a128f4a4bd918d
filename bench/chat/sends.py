"""Acks of messages a second and how long one takes, beside Node + Socket.IO + mongodb, both after a majority."""

import asyncio

import msgspec

from bench.chat.stage import Running, staged
from bench.chat.talk import Told, quantile, send_all
from bench.page import table
from bench.usage import cpu_of

SYSTEMS = {"ridewire": ("Ridewire", "json"), "socketio": ("Node, Socket.IO + mongodb", "socketio")}
WARM_S, SECONDS = 2.0, 8.0
CROWDS = ((5, 10), (50, 100), (150, 300), (300, 600))  # rooms, senders
Pair = tuple[str, str, str, str]
ABOUT = """Each sender says something, waits for its ack, and says the next, at most 15 a second. Both systems
acknowledge after a majority of the replica set has the message and its place in the room, and push it to the room.

"""


class Line(msgspec.Struct):
    """One row of the table."""

    title: str
    rooms: int
    senders: int
    told: Told
    cpu_us: float
    mongo_us: float

    def cells(self) -> list[str]:
        """As the table shows it."""
        told = self.told
        return [
            self.title, str(self.rooms), str(self.senders), f"{told.per_s:.0f}", f"{quantile(told.acks_ms, 0.5):.1f}",
            f"{quantile(told.acks_ms, 0.99):.1f}", f"{self.cpu_us:.0f}", f"{self.mongo_us:.0f}", str(told.errors),
        ]


HEADS = ["system", "rooms", "senders", "acks/s", "p50 ms", "p99 ms", "server µs/ack", "mongod µs/ack", "errors"]


def people(rooms: int, senders: int, part: str) -> list[Pair]:
    """The senders spread over shop rooms: each room has one customer and one shop, on several devices."""
    pairs = []
    for number in range(senders):
        at = number % rooms
        customer, vendor = f"c{part}{at}", f"v{part}{at}"
        sub, role = (customer, "customer") if number // rooms % 2 == 0 else (vendor, "vendor")
        pairs.append((f"vendor_{vendor}_customer_{customer}", sub, role, vendor))
    return pairs


def open_rooms(running: Running, pairs: list[Pair], part: str) -> None:
    """Rooms are the server's to make."""
    for room in sorted({room for room, *_ in pairs}):
        vendor = room.removeprefix("vendor_").split("_customer_")[0]
        customer = room.split("_customer_")[1]
        running.ask("POST", "/api/rooms", customer, "customer", {"vendor_id": vendor})


def measure(name: str) -> list[Line]:
    """One system, each crowd."""
    title, dialect = SYSTEMS[name]
    lines = []
    with staged(name, {"MAX_SOCKETS_PER_USER": "1000"}) as running:
        for rooms, senders in CROWDS:
            pairs = people(rooms, senders, f"{rooms}x")
            if name == "ridewire":
                open_rooms(running, pairs, f"{rooms}x")
            before = cpu_of(running.pids())
            told = asyncio.run(send_all(running.origin, dialect, pairs, WARM_S, SECONDS))
            after = cpu_of(running.pids())
            acks = max(1, round(told.per_s * (WARM_S + SECONDS)))
            per_ack = {of: (after[of] - before[of]) / acks * 1e6 for of in after}
            lines.append(Line(title, rooms, senders, told, per_ack["server"] + per_ack["redis"], per_ack["mongo"]))
    return lines


def run() -> str:
    """Both systems, one table."""
    lines = [line for name in SYSTEMS for line in measure(name)]
    return ABOUT + table(HEADS, [line.cells() for line in lines])
