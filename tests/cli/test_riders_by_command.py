"""`replay` and `simulate` against a whole service: what they count is what happened."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from api.cli import ridewire
from api.demo.stack import Wanted
from infra.embedded.ports import free_port


def ride(trip: str, points: int, jump_at: int = -1) -> str:
    """CSV rows of a ride along a curve at some 8 m/s, a fix each 5 s; one fix may lie far away."""
    rows = []
    for n in range(points):
        lat = 41.15 + 0.00036 * n + (1.0 if n == jump_at else 0)
        rows.append(f"{trip},{1_767_323_045 + 5 * n},{lat:.6f},{-8.61 + 0.001 * math.sin(n / 7):.6f}")
    return "\n".join(rows) + "\n"


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Three rides: 300 fixes, 260 with one impossible jump, and a single fix."""
    path = tmp_path / "rides.csv"
    path.write_text("trip,ts,lat,lon\n" + ride("a", 300) + ride("b", 260, jump_at=100) + ride("c", 1))
    return path


def counted(service: Wanted, *words: str) -> tuple[int, dict[str, Any]]:
    """Exit code and JSON of a command at the service."""
    where = ("--url", service.url, "--data", str(service.data), "--json")
    told = CliRunner().invoke(ridewire, [*words, *where])
    return told.exit_code, json.loads(told.stdout)


@pytest.mark.parametrize("encoding", ["json", "msgpack"])
def test_everything_at_once_is_acked_watched_and_stored_once(service: Wanted, recording: Path, encoding: str) -> None:
    """Each point is durable or refused with its reason, each watcher ends on the last one, each track is exact."""
    checks = ("--watch", "--tracks", "--encoding", encoding)
    code, told = counted(service, "replay", str(recording), "--speed", "0", *checks)
    assert (0, True, []) == (code, told["holds"], told["failures"])
    assert (561, 560, {"impossible_speed": 1}) == (told["points"], told["acked"], told["rejected"])
    assert (3, 3, 3, 0) == (told["watchers"], told["complete"], told["tracks_exact"], told["duplicates"])


def test_a_watcher_whose_line_was_cut_ends_in_the_same_state(service: Wanted, recording: Path) -> None:
    """Two cuts on the way, at 500 times the recorded speed."""
    code, told = counted(service, "replay", str(recording), "--speed", "500", "--cut")
    assert (0, True) == (code, told["holds"]), told
    assert told["cut"] >= 4
    assert (3, 3) == (told["watchers"], told["complete"])


@pytest.mark.parametrize("words", [("replay", "FILE"), ("simulate",)])
def test_without_a_service_the_reason_is_told(recording: Path, service: Wanted, words: tuple[str, ...]) -> None:
    """Exit 1 and a sentence, at once."""
    words = tuple(str(recording) if word == "FILE" else word for word in words)
    url = f"http://127.0.0.1:{free_port()}"
    told = CliRunner().invoke(ridewire, [*words, "--url", url, "--data", str(service.data)])
    assert 1 == told.exit_code
    assert f"nothing answers at {url}" in told.stderr


def test_riders_that_the_service_will_not_have_are_counted(recording: Path, service: Wanted) -> None:
    """Tokens of another secret: every trip failed, with the reason."""
    words = ["replay", str(recording), "--url", service.url, "--json"]
    told = CliRunner().invoke(ridewire, words, env={"JWT_SECRET": "not the secret of this service at all"})
    counts = json.loads(told.stdout)
    assert (1, 3, False) == (told.exit_code, counts["failed"], counts["holds"])
    assert "bad_token" in counts["failures"][0]


def test_simulated_riders_ride_and_bring_orders(service: Wanted) -> None:
    """Points are acked and orders placed, and nothing is refused or lost."""
    code, told = counted(service, "simulate", "--riders", "4", "--seconds", "10")
    assert (0, 4, 0, {}) == (code, told["riders"], told["troubles"], told["rejected"])
    assert told["acked"] >= 8
    assert told["orders_placed"] > 0
