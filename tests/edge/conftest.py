"""nginx itself, running the project's own configuration on free ports in front of a real server process."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from infra.embedded.nginx import command, render
from infra.embedded.ports import free_port
from infra.embedded.process import ServerProcess
from infra.embedded.ready import answers
from tests.api.conftest import database, database_name, service, settings, shelf

__all__ = ["database", "database_name", "service", "settings", "shelf"]
ROOT = Path(__file__).resolve().parents[2]


class Edge(msgspec.Struct):
    """A running nginx: where it answers, where it writes."""

    http: str
    https_port: int
    directory: Path
    process: ServerProcess

    def log(self) -> str:
        """Everything it has logged so far, requests and errors."""
        return "".join(path.read_text() for path in self.directory.glob("*.log"))


@contextlib.contextmanager
def running_edge(directory: Path, site: str, upstreams: list[int], strategy: str = "") -> Iterator[Edge]:
    """Render, start, wait until it answers; stopped at the end."""
    http_port, https_port = render(directory, site, upstreams, strategy)
    process = ServerProcess("nginx", command(directory), directory / "nginx.log")
    http = f"http://127.0.0.1:{http_port}"
    process.start(lambda: answers(f"{http}/health"))
    try:
        yield Edge(http, https_port, directory, process)
    finally:
        process.stop()


def make_certificate(directory: Path) -> None:
    """A certificate for localhost, signed by itself."""
    directory.mkdir(parents=True, exist_ok=True)
    subject = ["-subj", "/CN=localhost", "-days", "2", "-nodes", "-newkey", "rsa:2048"]
    files = ["-keyout", str(directory / "privkey.pem"), "-out", str(directory / "fullchain.pem")]
    subprocess.run(["openssl", "req", "-x509", *subject, *files], check=True, capture_output=True, timeout=30)


def start_echo(log: Path) -> tuple[int, ServerProcess]:
    """A server that tells what reached it, and its port."""
    port = free_port()
    serve = [sys.executable, "-m", "uvicorn", "tests.edge.echo:app", "--port", str(port), "--no-proxy-headers"]
    process = ServerProcess("echo", serve, log)
    process.start(lambda: answers(f"http://127.0.0.1:{port}/"))
    return port, process


@pytest.fixture(scope="module")
def echo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a server that tells what reached it."""
    port, process = start_echo(tmp_path_factory.mktemp("echo") / "echo.out")
    yield port
    process.stop()


@pytest.fixture
def edge(tmp_path: Path, echo: int) -> Iterator[Edge]:
    """nginx with fresh limits, plain HTTP, in front of `echo`."""
    with running_edge(tmp_path / "nginx", "plain", [echo]) as running:
        yield running
