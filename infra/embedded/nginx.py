"""The project's own nginx configuration on free ports in a private directory, in front of instances on this machine."""

import contextlib
import os
import shutil
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

from infra.embedded.ports import free_port
from infra.embedded.process import ROOT, ServerProcess
from infra.embedded.ready import answers

BINARY = "/usr/sbin/nginx"


def render(
    directory: Path, site: str, upstreams: Sequence[int], strategy: str = "", changes: Mapping[str, str] | None = None
) -> tuple[int, int]:
    """Copy the configuration with ports and paths of its own; returns the HTTP and the HTTPS port.

    `strategy`: one of nginx/upstreams, which names two instances; else there are as many as `upstreams` has.
    `changes`: further words to put in the place of others.
    """
    http_port, https_port = free_port(), free_port()
    instances = "\n".join(f"server 127.0.0.1:{port} max_fails=3 fail_timeout=30s;" for port in upstreams)
    own = {"app1:8000": f"127.0.0.1:{upstreams[0]}", "app2:8000": f"127.0.0.1:{upstreams[1]}"} if strategy else {}
    own |= {
        "/tmp/": f"{directory}/", "/dev/stdout": f"{directory}/access.log",  # noqa: S108 - nginx.conf's, replaced
        "listen 8080": f"listen 127.0.0.1:{http_port}", "listen 8443": f"listen 127.0.0.1:{https_port}",
        "/etc/nginx/certs": f"{directory}/certs",
        "/var/www/acme": f"{directory}/acme", "server app1:8000 max_fails=3 fail_timeout=30s;": instances,
        "server app2:8000 max_fails=3 fail_timeout=30s;": "",
    }
    (directory / "sites").mkdir(parents=True)
    shutil.copytree(ROOT / "nginx", directory / "nginx")
    shutil.copy(ROOT / "nginx.conf", directory)
    if strategy:
        shutil.copy(directory / "nginx" / "upstreams" / f"{strategy}.conf", directory / "nginx" / "upstream.conf")
    (directory / "nginx" / f"{site}.conf").rename(directory / "sites" / "site.conf")
    for path in directory.rglob("*.conf"):
        text = path.read_text()
        for old, new in {**(changes or {}), **own}.items():
            text = text.replace(old, new)
        path.write_text(text)
    return http_port, https_port


def command(directory: Path, *arguments: str) -> list[str]:
    """nginx on a rendered configuration; as root it stays root, because its workers must reach a private directory."""
    binary = shutil.which("nginx") or BINARY
    user = " user root root;" if os.geteuid() == 0 else ""
    return [binary, "-p", str(directory), "-c", str(directory / "nginx.conf"), "-g", f"daemon off;{user}", *arguments]


class Nginx:
    """A running nginx with plain HTTP at `port`."""

    def __init__(self, directory: Path, upstreams: Sequence[int], changes: Mapping[str, str] | None = None) -> None:
        self.port, _ = render(directory, "plain", upstreams, changes=changes)
        self.process = ServerProcess("nginx", command(directory), directory / "nginx.log")
        self._pid_file = directory / "nginx.pid"

    def start(self) -> "Nginx":
        """Start it and wait until it answers."""
        self.process.start(lambda: answers(f"http://127.0.0.1:{self.port}/health"))
        return self

    def reload(self) -> None:
        """Read the configuration again: new workers serve, old ones keep their connections a while."""
        with contextlib.suppress(OSError, ValueError):
            os.kill(int(self._pid_file.read_text()), signal.SIGHUP)

    def stop(self) -> None:
        """Stop it."""
        self.process.stop()
