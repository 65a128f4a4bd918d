"""How to ask each server we stand on whether it is well."""

from typing import Any

from api.health import Check, Unwell
from api.measures import Backlog
from api.supervisor import Supervisor
from infra.clients import Database, greet_rabbitmq
from infra.settings import Settings

LATE_S = 60.0


class CannotServe(RuntimeError):
    """Something this service cannot do without is not as it must be; the message says what to do."""


async def refuse_standalone(db: Database) -> None:
    """Raise CannotServe unless MongoDB can do transactions."""
    hello: dict[str, Any] = await db.client.admin.command("hello")
    if "setName" not in hello and hello.get("msg") != "isdbgrid":
        raise CannotServe(
            "MongoDB runs standalone and has no transactions: start it with --replSet rs0 and run rs.initiate() once"
        )


class Servers:
    """The questions. `redis` is any client with `ping` and `info`; each raises when the answer is not good."""

    def __init__(
        self, settings: Settings, redis: Any, db: Database, supervisor: Supervisor, backlog: Backlog
    ) -> None:
        self.settings, self.redis, self.db = settings, redis, db
        self.supervisor, self.backlog = supervisor, backlog

    def checks(self) -> list[Check]:
        """Redis, MongoDB, our background work, how far the persister is behind, and RabbitMQ where one is set."""
        checks = [
            Check("redis", self.look_at_redis), Check("mongo", self.look_at_mongo),
            Check("background", self.look_at_work), Check("persister", self.look_at_persister, needed=False),
        ]
        if self.settings.rabbitmq_url:
            checks.append(Check("rabbitmq", self.look_at_rabbitmq, needed=False))
        return checks

    async def look_at_redis(self) -> str:
        """It answers."""
        await self.redis.ping()
        info: dict[str, Any] = await self.redis.info("memory")
        return f"{info['used_memory_human']} used"

    async def look_at_mongo(self) -> str:
        """It has a primary, and can do transactions."""
        hello: dict[str, Any] = await self.db.client.admin.command("hello")
        if hello.get("msg") == "isdbgrid":
            return "sharded"
        if not hello.get("setName"):
            raise Unwell("standalone: no transactions")
        if not hello.get("primary"):
            raise Unwell(f"replica set {hello['setName']} has no primary")
        return f"replica set {hello['setName']}"

    async def look_at_work(self) -> str:
        """Everything in the background runs."""
        ended = [duty for duty in self.supervisor.duties.values() if not duty.is_running]
        if ended:
            raise Unwell(", ".join(f"{duty.name} ended: {duty.last_error}" for duty in ended))
        return f"{len(self.supervisor.duties)} running"

    async def look_at_persister(self) -> str:
        """What is stored reaches MongoDB soon."""
        entries, oldest_s = await self.backlog()
        if oldest_s > LATE_S:
            raise Unwell(f"the oldest of {entries} stream entries waits for {oldest_s:.0f} s; is a worker running?")
        return f"{entries} entries wait"

    async def look_at_rabbitmq(self) -> str:
        """One of the brokers shakes hands."""
        await greet_rabbitmq(self.settings.rabbitmq_url.split(","))
        return "took a handshake"
