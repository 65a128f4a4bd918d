"""The service as a deployment runs it: processes of `api.serve` and `api.worker`, started, killed, started again."""

import fcntl
import os
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from api.tokens import Trust, issue
from infra.embedded.ports import free_port
from infra.embedded.ready import is_ready
from tests.api.serving import asking
from tests.forked import Forked

ROOT = Path(__file__).resolve().parents[2]
SECRET = "a secret that only the journeys know, 32 bytes or more"
HOUR_S = 3600


def token(sub: str, role: str, name: str = "") -> str:
    """An access token for an hour."""
    return issue(Trust(secrets=(SECRET,)), sub, role, HOUR_S, name, now=time.time())


class Server:
    """One `api.serve` process on a port of its own, which it keeps over restarts."""

    def __init__(self, environ: Mapping[str, str], directory: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        words = ["--port", str(self.port)]
        self.process = Forked("api.serve", words, directory / f"serve-{self.port}.log", environ)

    def start(self) -> "Server":
        """Start it and wait until it says that it is ready."""
        self.process.start(lambda: is_ready(self.url))
        return self

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()

    def stop(self) -> None:
        """End it."""
        self.process.stop()


class Service:
    """Servers and a worker on one Valkey and one database, and what an integrator's backend does with them."""

    def __init__(self, environ: Mapping[str, str], directory: Path) -> None:
        self.environ = {**os.environ, **environ, "JWT_SECRET": SECRET, "DRAIN_S": "1", "LOG_LEVEL": "warning"}
        self.directory = directory
        self.servers: list[Server] = []
        self.worker = Forked("api.worker", [], directory / "worker.log", self.environ)

    def serve(self) -> Server:
        """One more server."""
        server = Server(self.environ, self.directory).start()
        self.servers.append(server)
        return server

    def stop(self) -> None:
        """End everything."""
        for server in self.servers:
            server.stop()
        self.worker.stop()

    async def call(self, server: Server, method: str, path: str, body: object = None, *, by: tuple[str, str]) -> Any:
        """A REST call by somebody, (sub, role); its JSON. Raises for what is no success."""
        async with asking(server.url, 10, Authorization=f"Bearer {token(*by)}") as client:
            answer = await client.request(method, f"/api/{path}", json=body)
        answer.raise_for_status()
        return answer.json() if answer.content else None


def build_pages() -> None:
    """Have web/dist stand as the sources are now; of several test processes the first builds and the others wait."""
    web = ROOT / "web"
    with (ROOT / ".venv" / "pages.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (web / "node_modules").is_dir():
            subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=web, check=True, timeout=300)
        if _built_s(web) < max(path.stat().st_mtime for path in (web / "src").rglob("*")):
            subprocess.run(["npm", "run", "--silent", "build"], cwd=web, check=True, timeout=120)


def _built_s(web: Path) -> float:
    """When the pages were last built; 0 when they never were."""
    manifest = web / "dist" / "manifest.json"
    return manifest.stat().st_mtime if manifest.exists() else 0.0
