"""A shop under a steady load: a few products are read by most people, some order, staff look at the day."""

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import Callable, Mapping

import msgspec

from bench.rest.load import request
from bench.tokens import token

SHOPS, PRODUCTS, CUSTOMERS = 20, 200, 50
SPOT = {"lat": 14.5995, "lng": 120.9842}
LIST, ONE, MINE, DAY, PLACE = (
    "list of products", "single product", "a buyer's orders", "the day's numbers", "placing an order"
)
CATALOG, READS = (LIST, ONE), (LIST, ONE, MINE, DAY)
MIX: Mapping[str, int] = {LIST: 40, ONE: 45, MINE: 8, DAY: 3, PLACE: 4}
BROWSING: Mapping[str, int] = {LIST: 40, ONE: 60}


class Told(msgspec.Struct):
    """How long answers took by question, those that were hits apart; what the cache said; which statuses came."""

    times: dict[str, list[float]] = msgspec.field(default_factory=lambda: defaultdict(list))
    hits: dict[str, list[float]] = msgspec.field(default_factory=lambda: defaultdict(list))
    said: dict[str, int] = msgspec.field(default_factory=lambda: defaultdict(int))
    statuses: dict[int, int] = msgspec.field(default_factory=lambda: defaultdict(int))

    @property
    def hit_rate(self) -> float:
        """The share of catalog reads that the cache answered."""
        return self.said["HIT"] / max(1, sum(self.said.values()))

    def of(self, *questions: str) -> list[float]:
        """All times of these questions."""
        return [each for question in questions for each in self.times[question]]


class Wire:
    """Keep-alive connections to one server, as many as are needed at once: a client that costs little."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def ask(self, sent: bytes) -> tuple[int, str, bytes]:
        """The status, what the cache said, and the body."""
        reader, writer = self._idle.pop() if self._idle else await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(sent)
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
        body = await reader.readexactly(int(fields.get("content-length", "0")))
        self._idle.append((reader, writer))
        return int(head[9:12]), fields.get("x-cache-status", "").upper(), body

    def close(self) -> None:
        """End them all."""
        for _, writer in self._idle:
            writer.close()


async def stock_up(wire: Wire) -> list[str]:
    """Fill the shops; the products' ids, the best sold first."""
    made = []
    for number in range(PRODUCTS):
        body = {"name": f"Mango no. {number}", "price": 1250, "category": "fruit", "currency": "PHP", "stock": 10**6}
        vendor = token(f"v{number % SHOPS}", "vendor")
        status, _, told = await wire.ask(request("POST", "/api/products", vendor, msgspec.json.encode(body)))
        assert status == 201, told
        made.append(str(msgspec.json.decode(told)["id"]))
    return made


def questions(products: list[str]) -> dict[str, Callable[[], bytes]]:
    """What is asked, by name. Ids follow Zipf: the n-th is asked for in proportion to 1/n."""
    weights = [1 / (place + 1) for place in range(len(products))]
    customers, admin = [token(f"c{number}", "customer") for number in range(CUSTOMERS)], token("a1", "admin")

    def one() -> int:
        return random.choices(range(len(products)), weights)[0]

    def order() -> bytes:
        number = one()
        items = [{"product_id": products[number], "quantity": 1}]
        body = {"vendor_id": f"v{number % SHOPS}", "pickup": SPOT, "dropoff": SPOT, "items": items}
        return request("POST", "/api/orders", random.choice(customers), msgspec.json.encode(body))

    return {
        LIST: lambda: request("GET", f"/api/products?vendor=v{one() % SHOPS}"),
        ONE: lambda: request("GET", f"/api/products/{products[one()]}"),
        MINE: lambda: request("GET", "/api/orders", random.choice(customers)),
        DAY: lambda: request("GET", "/api/analytics/daily", admin),
        PLACE: order,
    }


async def ask_at_a_pace(
    port: int, mix: Mapping[str, int], seconds: float, pace: float, begin: Callable[[], object], *, warm: bool = False
) -> Told:
    """So many requests a second, whether earlier ones are answered or not. `begin` is called when all is stocked."""
    told, wire = Told(), Wire(port)
    products = await stock_up(wire)
    paths = [f"/api/products/{each}" for each in products] + [f"/api/products?vendor=v{shop}" for shop in range(SHOPS)]
    for path in paths if warm else ():
        await wire.ask(request("GET", path))
    begin()
    asked = questions(products)

    async def ask(what: str) -> None:
        sent, began = asked[what](), time.perf_counter()
        status, outcome, _ = await wire.ask(sent)
        took = time.perf_counter() - began
        told.times[what].append(took)
        told.statuses[status] += 1
        if outcome:
            told.said[outcome] += 1
        if outcome == "HIT":
            told.hits[what].append(took)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(int(seconds * pace)):
            tasks.create_task(ask(random.choices(list(mix), list(mix.values()))[0]))
            await asyncio.sleep(1 / pace)
    wire.close()
    return told
