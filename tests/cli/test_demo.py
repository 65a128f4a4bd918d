"""`ridewire demo` as somebody would start it: up by itself, mended by itself, and gone without a trace."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from infra.embedded.ports import free_port
from infra.embedded.process import ROOT
from tests.waiting import until_now

pytestmark = pytest.mark.long

COMMAND = [sys.executable, "-m", "api.cli", "demo"]


class Demo:
    """A running demo: what it printed, and where it answers."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, printed: Path) -> None:
        self.process, self.url, self._printed = process, f"http://127.0.0.1:{port}", printed

    def says(self, pattern: str, within_s: float = 60) -> str:
        """What the pattern's group matched, once it was printed."""
        found = until_now(lambda: re.search(pattern, self._printed.read_text()), within_s)
        assert found is not None
        return found.group(found.lastindex or 0)

    def processes(self) -> list[psutil.Process]:
        """Everything it started."""
        return psutil.Process(self.process.pid).children(recursive=True)


@contextmanager
def demo(data: Path, *words: str, city: Path | None = None) -> Iterator[Demo]:
    """A demo on a free port, as a process of its own; it draws a town of its own unless there is a city for it."""
    port, printed = free_port(), data.parent / f"{data.name}.out"
    command = [*COMMAND, "--port", str(port), "--data", str(data), *words]
    env = os.environ | ({"CITY_DIR": str(city)} if city else {})
    with printed.open("wb") as out, subprocess.Popen(command, cwd=ROOT, env=env, stdout=out, stderr=out) as process:
        try:
            yield Demo(process, port, printed)
        finally:
            process.terminate()


def gone(processes: list[psutil.Process]) -> bool:
    """Whether none of them runs any more."""
    return not any(each.is_running() and each.status() != psutil.STATUS_ZOMBIE for each in processes)


def test_a_demo_shows_its_links_and_goes_without_a_trace(tmp_path: Path) -> None:
    """Links for all four kinds of people, an order somebody can follow, exit 0 on SIGTERM, nothing left running."""
    with demo(tmp_path / "data", "--riders", "4") as running:
        for page in ("vendor", "ride", "dispatch", "chat/vendor_vendor-1_customer_customer-you"):
            running.says(rf"{running.url}/{page}#token=\S+")
        running.says(rf"{running.url}/track/(\S+)")
        phone = running.says(rf"({running.url}/api/ingest/rwd_\S+)")
        assert 200 == httpx.get(f"{phone}?lat=14.5995&lon=120.9842").status_code
        assert 200 == httpx.get(f"{running.url}/health/ready").status_code
        started = running.processes()
        running.process.send_signal(signal.SIGTERM)
        assert 0 == running.process.wait(60)
        assert gone(started)


def test_a_demo_mends_what_crashes_and_leaves_nothing_when_it_is_killed(tmp_path: Path, town: Path) -> None:
    """kill -9 of the service: it comes back. kill -9 of the demo itself: everything goes."""
    with demo(tmp_path / "data", "--riders", "0", city=town) as running:
        running.says("stop +Ctrl-C")
        (serving,) = [each for each in running.processes() if each.cmdline()[1:3] == ["-m", "api.serve"]]
        os.kill(serving.pid, signal.SIGKILL)
        running.says("serve is up again")
        assert 200 == httpx.get(f"{running.url}/health/ready").status_code
        started = running.processes()
        running.process.kill()
        until_now(lambda: gone(started), within_s=60)


def test_a_demo_says_what_is_taken(tmp_path: Path, town: Path) -> None:
    """A second demo on the same port, or on the same data, ends at once with exit 2 and what to do."""
    with demo(tmp_path / "data", "--riders", "0", city=town) as running:
        running.says("stop +Ctrl-C")
        port = running.url.rpartition(":")[2]
        for words, advice in (
            (["--port", port, "--data", str(tmp_path / "other")], "choose another --port"),
            (["--port", str(free_port()), "--data", str(tmp_path / "data")], "its own --data"),
        ):
            second = subprocess.run([*COMMAND, *words], cwd=ROOT, capture_output=True, text=True, timeout=60)
            assert 2 == second.returncode
            assert advice in second.stderr


def test_a_demos_data_and_secret_are_there_the_next_time(tmp_path: Path, town: Path) -> None:
    """A token of the first run is good in the second, and an order placed then is found now."""
    data = tmp_path / "data"
    spots = {"pickup": {"lat": 41.1, "lng": -8.6}, "dropoff": {"lat": 41.11, "lng": -8.6}}
    with demo(data, "--riders", "0", city=town) as running:
        running.says("stop +Ctrl-C")
        words = [sys.executable, "-m", "api.cli", "token", "--sub", "a1", "--role", "admin", "--data", str(data)]
        token = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
        asking = {"Authorization": f"Bearer {token}"}
        body = {"customer_id": "c1", "vendor_id": "v1", **spots}
        order = httpx.post(f"{running.url}/api/orders", json=body, headers=asking).json()["id"]
    with demo(data, "--riders", "0", city=town) as again:
        again.says("stop +Ctrl-C")
        found = httpx.get(f"{again.url}/api/orders/{order}", headers=asking)
    assert (200, order) == (found.status_code, found.json().get("id"))
