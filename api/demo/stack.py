"""The demo's processes: Valkey, mongod, perhaps RabbitMQ, the service and its worker; each kept up, none left over."""

import contextlib
import fcntl
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import msgspec

from api.commands import secret
from api.demo.links import PAGES, personal
from api.tokens import issue
from infra.embedded.kept import Kept
from infra.embedded.mongod import Mongod
from infra.embedded.process import ServerProcess
from infra.embedded.rabbitmq import RabbitMQ
from infra.embedded.ready import is_ready
from infra.embedded.valkey import Valkey
from infra.settings import Settings

DRAIN_S = 3
PLAYED_PER_MINUTE = 6000  # the play's people live faster than real ones
LOOPBACK = ("127.0.0.1", "localhost", "::1")
ANY_ADDRESS = ("0.0.0.0", "::", "")  # noqa: S104 - compared with, not bound to


class CannotStart(RuntimeError):
    """The demo cannot start here; the message says why and what to do."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What to start. `settings` is what the environment asked for: a server named there is used, not embedded."""

    host: str
    port: int
    data: Path
    settings: Settings
    rabbitmq: bool = False
    riders: int = 0

    @property
    def url(self) -> str:
        """Where a browser on this machine finds it."""
        return f"http://{'127.0.0.1' if self.host in ANY_ADDRESS else self.host}:{self.port}"


@contextlib.contextmanager
def sole_user(data: Path) -> Iterator[None]:
    """Hold the data directory; raises CannotStart when another demo does."""
    data.mkdir(parents=True, exist_ok=True)
    lock: IO[str] = (data / "lock").open("w")
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CannotStart(f"another demo is using {data}; stop it, or give this one its own --data") from error
        yield


def check_port(host: str, port: int) -> None:
    """Raises CannotStart unless we could listen there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CannotStart(f"cannot listen on {host}:{port} ({error.strerror}); choose another --port") from error


class Stack:
    """All processes, in the order they were started. `say` gets a line for whatever people should know."""

    def __init__(self, wanted: Wanted, say: Callable[[str], None]) -> None:
        self.wanted, self.say, self.kept = wanted, say, list[Kept]()
        self.logs = wanted.data / "logs"
        self._environment: dict[str, str] = {}

    def start(self) -> None:
        """Start everything and return when the service says that it is ready; raises ServerFailed."""
        data, given = self.wanted.data, self.wanted.settings
        if not given.redis_url:
            valkey = Valkey(data / "valkey")
            self._keep(valkey.process, valkey._is_ready)
            self._environment["REDIS_URL"] = valkey.url
        if not given.mongo_url:
            mongod = Mongod(data / "mongod")
            (mongod.directory / "data").mkdir(parents=True, exist_ok=True)
            self._keep(mongod.process, mongod._is_primary)
            self._environment["MONGO_URL"] = mongod.url
        if self.wanted.rabbitmq and not given.rabbitmq_url:
            rabbitmq = RabbitMQ(data / "rabbitmq")
            self._keep(rabbitmq.process, rabbitmq._is_ready)
            self._environment["RABBITMQ_URL"] = rabbitmq.url
        self._environment |= self._settings()
        address = ["--host", self.wanted.host, "--port", str(self.wanted.port)]
        self._keep(self._program("worker", []), lambda: True)
        self._keep(self._program("serve", address), self._is_ready)

    def stop(self) -> None:
        """Stop everything, the last started first. Safe to call twice."""
        while self.kept:
            self.kept.pop().stop()

    def _settings(self) -> dict[str, str]:
        """What our programs are told besides what the environment says already."""
        given, port = self.wanted.settings, self.wanted.port
        origins = {self.wanted.url, f"http://localhost:{port}", f"http://127.0.0.1:{port}", *given.allowed_origins}
        told = {"ALLOWED_ORIGINS": ",".join(sorted(origins)), "PUBLIC_URL": given.public_url or self.wanted.url}
        if not given.jwt_secret:
            told["JWT_SECRET_FILE"] = str(self.wanted.data / secret.FILE)
        if not given.vapid_private_key:
            told["VAPID_PRIVATE_KEY_FILE"] = str(secret.keep_push_key_in(self.wanted.data))
        if given.city_dir:
            told["CITY_DIR"] = str(Path(given.city_dir).resolve())
        if self.wanted.host in LOOPBACK:
            told["DEMO_LINKS"] = ",".join(f"{role}={link}" for role, link in personal("", self._sign).items())
        if self.wanted.riders and given.rate_limit_per_minute == Settings().rate_limit_per_minute:
            told["RATE_LIMIT_PER_MINUTE"] = str(PLAYED_PER_MINUTE)
        return {"DRAIN_S": str(DRAIN_S), "DISPATCHERS": PAGES["dispatcher"][0][0]} | told

    def _sign(self, sub: str, role: str, ttl_s: int) -> str:
        return issue(secret.trust(self.wanted.data), sub, role, ttl_s, now=time.time())

    def _program(self, name: str, words: list[str]) -> ServerProcess:
        """One of our own programs."""
        command = [sys.executable, "-m", f"api.{name}", *words]
        grace_s = float(self._environment["DRAIN_S"]) + 10
        return ServerProcess(name, command, self.logs / f"{name}.log", env=self._environment, grace_s=grace_s)

    def _is_ready(self) -> bool:
        return is_ready(self.wanted.url)

    def _keep(self, process: ServerProcess, is_ready: Callable[[], bool]) -> None:
        """Start one, keep it, and say how long it took."""
        began_s = time.monotonic()
        process.log.parent.mkdir(parents=True, exist_ok=True)
        self.kept.append(Kept(process, is_ready, self.say, within_s=90))
        self.kept[-1].start()
        self.say(f"starting {process.name} … {time.monotonic() - began_s:.1f} s")

