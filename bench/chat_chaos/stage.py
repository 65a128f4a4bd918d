"""What a deployment runs, small: two servers behind nginx with one Valkey and one MongoDB, and rooms to talk in."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import msgspec
import pymongo

from bench.chat_chaos.talker import Member
from bench.tokens import AUDIENCE, ISSUER, SECRET, token
from client.wire import Message
from infra.embedded.mongod import Mongod
from infra.embedded.nginx import Nginx
from infra.embedded.ports import free_port
from infra.embedded.process import ServerProcess
from infra.embedded.ready import is_ready
from infra.embedded.valkey import Valkey
from live.store import plain

# All clients come from one address here; old workers of nginx shall not outlive a reload by a minute.
FOR_ONE_ADDRESS = {
    "rate=30r/s": "rate=100000r/s", "rate=10r/s": "rate=100000r/s",
    "limit_conn per_address 200": "limit_conn per_address 20000",
    "worker_shutdown_timeout 60s": "worker_shutdown_timeout 1s",
}
SPOTS = {"pickup": {"lat": 14.59, "lng": 120.98}, "dropoff": {"lat": 14.6, "lng": 120.99}}


class Stage(msgspec.Struct):
    """Everything that runs. `rooms`: their members."""

    valkey: Valkey
    servers: list[ServerProcess]
    nginx: Nginx
    mongo_url: str
    database: str
    urls: list[str]

    def is_ready(self, number: int) -> bool:
        """Whether that server says so."""
        return is_ready(self.urls[number])

    def start_server(self, number: int) -> None:
        """Start it (again) and wait until it is ready."""
        self.servers[number].start(lambda: self.is_ready(number))

    def open_rooms(self, count: int) -> dict[str, list[Member]]:
        """So many orders with a customer, a shop and a rider each; their rooms."""
        rooms = {}
        with httpx.Client(base_url=self.urls[0], headers=bearer(Member("a1", "admin")), timeout=20) as admin:
            for number in range(count):
                people = [Member(f"{role[0]}{number}", role) for role in ("customer", "vendor", "rider")]
                body = {"customer_id": people[0].sub, "vendor_id": people[1].sub, **SPOTS}
                order = admin.post("/api/orders", json=body).raise_for_status().json()["id"]
                assigned = {"rider_id": people[2].sub}
                admin.post(f"/api/orders/{order}/assign", json=assigned).raise_for_status()
                rooms[f"order_{order}"] = people
        return rooms

    def logs(self, rooms: list[str]) -> dict[str, list[Message]]:
        """What MongoDB holds of these rooms, read without any of the service's own reading."""
        found: dict[str, list[Message]] = {room: [] for room in rooms}
        with pymongo.MongoClient[Message](self.mongo_url) as client:
            for row in client[self.database]["channel_logs"].find().sort("_id", 1):
                room = row["_id"]["channel"].removeprefix("room:")
                if room in found:
                    found[room].append(plain(row["item"]) | {"offset": int(row["_id"]["offset"])})
        return found

    def reads(self) -> dict[tuple[str, str], int]:
        """How far everybody has read, by (room, user)."""
        with pymongo.MongoClient[Message](self.mongo_url) as client:
            rows = client[self.database]["chat_marks"].find()
            return {(row["_id"]["room"], row["_id"]["user"]): int(row["read"]) for row in rows}

    def counted(self, rooms: dict[str, list[Member]]) -> dict[tuple[str, Member], int]:
        """What the service says is unread, by (room, member), each server asked in turn."""
        told = {}
        with httpx.Client(timeout=20) as client:
            for number, (room, members) in enumerate(rooms.items()):
                for member in members:
                    url = f"{self.urls[number % len(self.urls)]}/api/rooms/{room}"
                    answer = client.get(url, headers=bearer(member)).raise_for_status()
                    told[room, member] = answer.json()["unread"]
        return told


def bearer(member: Member) -> dict[str, str]:
    """The header that says who asks."""
    return {"Authorization": f"Bearer {token(member.sub, member.role)}"}


@contextmanager
def staged(mongo_url: str = "", database: str = "chaos") -> Iterator[Stage]:
    """All up; gone afterwards. With `mongo_url` that server is used, otherwise one is started."""
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="chat-chaos-")))
        valkey = Valkey(directory / "valkey").start()
        stack.callback(valkey.stop)
        if not mongo_url:
            mongod = Mongod(directory / "mongod").start()
            stack.callback(mongod.stop)
            mongo_url = mongod.url
        env = {
            "REDIS_URL": valkey.url, "MONGO_URL": mongo_url, "MONGO_DB": database, "KEY_PREFIX": database,
            "JWT_SECRET": SECRET, "JWT_AUDIENCE": AUDIENCE, "JWT_ISSUERS": ISSUER, "LOG_LEVEL": "warning",
        }
        ports = [free_port(), free_port()]
        servers = [
            ServerProcess(
                f"server {port}", [sys.executable, "-m", "api.serve", "--host", "127.0.0.1", "--port", str(port)],
                directory / f"serve-{port}.log", env=env,
            )
            for port in ports
        ]
        nginx = Nginx(directory / "nginx", ports, FOR_ONE_ADDRESS)
        urls = [f"http://127.0.0.1:{port}" for port in ports]
        made = Stage(valkey, servers, nginx, mongo_url, database, urls)
        for number, server in enumerate(servers):
            stack.callback(server.stop)
            made.start_server(number)
        nginx.start()
        stack.callback(nginx.stop)
        yield made
