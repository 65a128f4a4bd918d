"""A system under measurement: started on a fresh Valkey (and mongod) of its own, asked until ready, stopped cleanly."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import httpx
import msgspec

from bench.tokens import AUDIENCE, ISSUER, SECRET
from infra.embedded.mongod import Mongod
from infra.embedded.ports import free_port
from infra.embedded.process import ServerProcess
from infra.embedded.valkey import Valkey

PEERS = Path(__file__).parent / "peers"


class System(msgspec.Struct, frozen=True):
    """What can be measured: its title in tables, the dialect it speaks, and its program when it is not Ridewire."""

    title: str
    dialect: str
    program: str = ""


SYSTEMS = {
    "ridewire": System("Ridewire, JSON", "json"),
    "ridewire-msgpack": System("Ridewire, msgpack", "msgpack"),
    "ws": System("Node `ws` + ioredis", "json", "ws.mjs"),
    "socketio": System("Socket.IO + Redis adapter", "socketio", "socketio.mjs"),
    "floor": System("picows alone: no rules, no Redis", "json", "bench.floor"),
}
COMPARED = tuple(name for name in SYSTEMS if name != "floor")


class Running(msgspec.Struct):
    """A system that answers. `processes` can be killed and started again; `pids` groups what its CPU is charged to."""

    origin: str
    directory: Path
    valkey: Valkey
    mongod: Mongod | None
    server: ServerProcess
    worker: ServerProcess | None
    env: dict[str, str]

    @property
    def http(self) -> str:
        """The same place for plain HTTP."""
        return self.origin.replace("ws:", "http:")

    def pids(self) -> dict[str, list[int]]:
        """Process ids by role; call again after a restart."""
        groups = {"server": self.server.pids(), "redis": self.valkey.process.pids()}
        if self.worker is not None:
            groups["worker"] = self.worker.pids()
        if self.mongod is not None:
            groups["mongo"] = self.mongod.process.pids()
        return groups


def answers(url: str) -> bool:
    """Whether a GET there is answered with 200."""
    with contextlib.suppress(httpx.HTTPError):
        return httpx.get(url, timeout=2).status_code == 200
    return False


def install_peers() -> None:
    """Fetch the peers' packages from npm, once."""
    if (PEERS / "node_modules").is_dir():
        return
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        raise FileNotFoundError("the peers need Node 18 or newer with npm (Debian: apt install nodejs npm)")
    quiet = ["--no-package-lock", "--no-audit", "--no-fund", "--silent"]
    subprocess.run([npm, "install", *quiet], cwd=PEERS, check=True, timeout=300)


def ridewire_env(valkey: Valkey, mongod: Mongod, more: Mapping[str, str]) -> dict[str, str]:
    """The settings of a Ridewire that stands alone with these servers."""
    return {
        "REDIS_URL": valkey.url, "MONGO_URL": mongod.url, "MONGO_DB": "bench", "JWT_SECRET": SECRET,
        "RATE_LIMIT_PER_MINUTE": "0", "RATE_LIMIT_STAFF_PER_MINUTE": "0", "RATE_LIMIT_ADDRESS_PER_MINUTE": "0",
        "JWT_AUDIENCE": AUDIENCE, "JWT_ISSUERS": ISSUER, "LOG_LEVEL": "warning", **more,
    }


def python(module: str, *arguments: str) -> list[str]:
    """The command that runs one of our modules."""
    return [sys.executable, "-m", module, *arguments]


def start_ridewire(stack: ExitStack, directory: Path, valkey: Valkey, more: Mapping[str, str]) -> Running:
    """Our server and worker as a deployment runs them, in their own processes."""
    mongod = Mongod(directory / "mongod").start()
    stack.callback(mongod.stop)
    port = free_port()
    env = ridewire_env(valkey, mongod, more)
    serve = python("api.serve", "--host", "127.0.0.1", "--port", str(port))
    server = ServerProcess("ridewire serve", serve, directory / "serve.log", env=env)
    worker = ServerProcess("ridewire worker", python("api.worker"), directory / "worker.log", env=env)
    running = Running(f"ws://127.0.0.1:{port}", directory, valkey, mongod, server, worker, env)
    start_server(running)
    stack.callback(server.stop)
    stack.callback(worker.stop)
    start_worker(running)
    return running


def start_server(running: Running) -> None:
    """Start its server (again) and wait until it is ready."""
    path = "/health/ready" if running.worker is not None else "/"
    running.server.start(lambda: answers(running.http + path), within_s=60)


def start_worker(running: Running) -> None:
    """Start its worker (again)."""
    worker = running.worker
    if worker is not None:
        worker.start(lambda: bool(worker.pids()))


def start_peer(stack: ExitStack, directory: Path, valkey: Valkey, program: str) -> Running:
    """A Node peer, or a module of ours that serves alone."""
    command = python(program)
    if program.endswith(".mjs"):
        install_peers()
        command = ["node", str(PEERS / program)]
    port = free_port()
    env = {
        "REDIS_URL": valkey.url, "JWT_SECRET": SECRET, "JWT_AUDIENCE": AUDIENCE, "PORT": str(port),
        "NODE_ENV": "production", "PATH": os.environ.get("PATH", ""),
    }
    server = ServerProcess(program, command, directory / "peer.log", env=env)
    running = Running(f"ws://127.0.0.1:{port}", directory, valkey, None, server, None, env)
    start_server(running)
    stack.callback(server.stop)
    return running


@contextlib.contextmanager
def run(name: str, more: Mapping[str, str] | None = None) -> Iterator[Running]:
    """The system `name`, up; everything it started is gone afterwards."""
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=f"bench-{name}-")))
        valkey = Valkey(directory / "valkey").start()
        stack.callback(valkey.stop)
        program = SYSTEMS[name].program
        if program:
            yield start_peer(stack, directory, valkey, program)
        else:
            yield start_ridewire(stack, directory, valkey, more or {})
