"""The machine: Python and its packages, programs, limits and ports."""

import importlib.metadata
import re
import resource
import shutil
import socket
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from api.doctor.finding import Finding, Purpose, judge

ROOT = Path(__file__).resolve().parents[2]
OLDEST_PYTHON = (3, 11)
FILES_WANTED = 20_000  # a socket is a file: MAX_SOCKETS, and some for the servers

# Program → (where else it may stand, Debian's package, what needs it, for which purposes it is needed).
PROGRAMS: dict[str, tuple[str, str, str, tuple[Purpose, ...]]] = {
    "node": ("", "nodejs npm", "builds the web pages", ("test",)),
    "rabbitmq-server": ("/usr/lib/rabbitmq/bin/rabbitmq-server", "rabbitmq-server", "tests of the broker", ("test",)),
    "nginx": ("/usr/sbin/nginx", "nginx", "tests through the proxy", ("test",)),
    "chromium": ("", "chromium fonts-dejavu-core", "journeys in a browser", ("test",)),
    "tilemaker": ("", "tilemaker", "base maps made by `ridewire city build`", ()),
}


def look(purpose: Purpose, port: int) -> Iterator[Finding]:
    """Everything about the machine that matters for the purpose."""
    version = ".".join(map(str, sys.version_info[:3]))
    yield judge("Python", sys.version_info >= OLDEST_PYTHON, version, "install Python 3.11 or newer, then script/setup")
    yield from _packages(purpose)
    for name, (elsewhere, package, use, needed_for) in PROGRAMS.items():
        found = shutil.which(name) or (elsewhere if elsewhere and Path(elsewhere).is_file() else "")
        fix = f"apt-get install {package}   # or script/setup; it {use}" if use.startswith("builds") else \
            f"apt-get install {package}   # or script/setup; for {use}"
        yield judge(name, bool(found), found or "not there", fix, needed=purpose in needed_for)
    built = (ROOT / "web" / "dist").is_dir()
    yield judge("web pages", built, "web/dist" if built else "not built", "script/setup", needed=purpose == "test")
    yield _file_limit()
    if purpose != "test":
        yield _port(port)


def _packages(purpose: Purpose) -> Iterator[Finding]:
    """Everything pyproject.toml asks for; the extras only where the purpose needs them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = {"embedded": purpose != "serve", "city": False, "test": purpose == "test"}
    yield _installed("packages", project["dependencies"], needed=True)
    for extra, needed in extras.items():
        yield _installed(f"packages [{extra}]", project["optional-dependencies"][extra], needed=needed)


def _installed(name: str, requirements: list[str], *, needed: bool) -> Finding:
    missing = []
    for requirement in requirements:
        package = re.split(r"[\[<>=~! ]", requirement, maxsplit=1)[0]
        try:
            importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            missing.append(package)
    found = f"missing: {', '.join(missing)}" if missing else f"{len(requirements)} there"
    return judge(name, not missing, found, "script/setup", needed=needed)


def _file_limit() -> Finding:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = soft >= FILES_WANTED or soft == resource.RLIM_INFINITY
    fix = f"ulimit -n {FILES_WANTED}" if hard >= FILES_WANTED or hard == resource.RLIM_INFINITY else \
        f"raise the hard limit: LimitNOFILE={FILES_WANTED} in the unit, or /etc/security/limits.conf"
    return judge("open files", enough, f"{soft} (at most {hard}); a socket takes one", fix, needed=False)


def _port(port: int) -> Finding:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            fix = f"choose another --port, or see who has it: ss -ltnp 'sport = :{port}'"
            return judge(f"port {port}", False, str(error.strerror), fix, needed=False)
    return judge(f"port {port}", True, "free", "")
