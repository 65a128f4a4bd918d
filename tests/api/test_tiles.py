"""The base map over HTTP: pieces by Range, versions by ETag, and nothing outside the city's directory."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar import Litestar
from litestar.testing import TestClient

from api import problems, tiles
from api.byteranges import Span, Unsatisfiable, wanted

MAP = bytes(range(256)) * 9000  # 2.3 MB: more than is read at once


class City(NamedTuple):
    """A settings-like thing."""

    city_dir: str


def serving(directory: str) -> TestClient[Litestar]:
    """A client of an app with nothing but tiles."""
    return TestClient(Litestar([tiles.router(City(directory))], exception_handlers=problems.HANDLERS))


@pytest.fixture
def city(tmp_path: Path) -> Path:
    """A city directory, and a secret beside it."""
    directory = tmp_path / "city"
    directory.mkdir()
    (directory / "city.pmtiles").write_bytes(MAP)
    (directory / "city.json").write_text('{"name":"Here"}')
    (directory / "streets.npz").write_bytes(b"not for the web")
    (tmp_path / "secret.pmtiles").write_bytes(b"secret")
    (directory / "linked.pmtiles").symlink_to(tmp_path / "secret.pmtiles")
    return directory


@pytest.fixture
def client(city: Path) -> Iterator[TestClient[Litestar]]:
    """A client of the city's server."""
    with serving(str(city)) as found:
        yield found


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-126", 0, 126),
        ("bytes=500-", 500, len(MAP) - 1),
        ("bytes=-100", len(MAP) - 100, len(MAP) - 1),
        (f"bytes=0-{10 * len(MAP)}", 0, len(MAP) - 1),
    ],
)
def test_a_range_is_answered_with_just_its_bytes(
    client: TestClient[Litestar], asked: str, first: int, last: int
) -> None:
    """206 with the bytes, their place in the file and their number."""
    answer = client.get("/tiles/city.pmtiles", headers={"Range": asked})
    assert answer.status_code == 206
    assert MAP[first : last + 1] == answer.content
    assert f"bytes {first}-{last}/{len(MAP)}" == answer.headers["content-range"]
    assert str(last - first + 1) == answer.headers["content-length"]


@pytest.mark.parametrize("asked", [None, "bytes=0-1,5-9", "pages=1-2", "bytes=9-3", "bytes=-"])
def test_without_one_readable_range_the_whole_file_comes(client: TestClient[Litestar], asked: str | None) -> None:
    """200 and everything, as the standard allows for ranges a server does not read."""
    answer = client.get("/tiles/city.pmtiles", headers={"Range": asked} if asked else {})
    assert answer.status_code == 200
    assert MAP == answer.content
    assert answer.headers["accept-ranges"] == "bytes"


def test_a_range_past_the_end_is_416_with_the_size(client: TestClient[Litestar]) -> None:
    """The client learns how long the file is."""
    answer = client.get("/tiles/city.pmtiles", headers={"Range": f"bytes={len(MAP)}-"})
    assert answer.status_code == 416
    assert f"bytes */{len(MAP)}" == answer.headers["content-range"]


def test_head_tells_size_and_version_without_a_body(client: TestClient[Litestar]) -> None:
    """HEAD has GET's headers and nothing else."""
    answer = client.head("/tiles/city.pmtiles", headers={"Range": "bytes=0-9"})
    assert answer.status_code == 206
    assert answer.headers["content-length"] == "10"
    assert answer.content == b""
    assert client.get("/tiles/city.pmtiles").headers["etag"] == answer.headers["etag"]


def test_a_known_version_is_not_sent_again(client: TestClient[Litestar]) -> None:
    """304 for the same ETag, alone, weak or in a list."""
    etag = client.head("/tiles/city.pmtiles").headers["etag"]
    for tags in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        assert client.get("/tiles/city.pmtiles", headers={"If-None-Match": tags}).status_code == 304
    assert client.get("/tiles/city.pmtiles", headers={"If-None-Match": '"other"'}).status_code == 200


def test_a_range_of_an_older_version_gets_the_whole_new_one(client: TestClient[Litestar], city: Path) -> None:
    """If-Range keeps a client from gluing pieces of two versions together."""
    etag = client.head("/tiles/city.pmtiles").headers["etag"]
    asked = {"Range": "bytes=0-3", "If-Range": etag}
    assert client.get("/tiles/city.pmtiles", headers=asked).status_code == 206
    (city / "city.pmtiles").write_bytes(b"a new map")
    answer = client.get("/tiles/city.pmtiles", headers=asked)
    assert (200, b"a new map") == (answer.status_code, answer.content)


def test_the_manifest_is_json_and_always_asked_again(client: TestClient[Litestar]) -> None:
    """Pages see a rebuilt city at once."""
    answer = client.get("/tiles/city.json")
    assert {"name": "Here"} == answer.json()
    assert answer.headers["content-type"].startswith("application/json")
    assert "max-age=0" in answer.headers["cache-control"]


@pytest.mark.parametrize(
    "path",
    [
        "streets.npz", "nothing.pmtiles", "linked.pmtiles", "..%2Fsecret.pmtiles", "%2e%2e/secret.pmtiles", "order",
        "../secret.pmtiles", ".pmtiles", "city.pmtiles%00.json", "sub%2Fcity.pmtiles", "city.PMTILES",
    ],
)  # fmt: skip
def test_nothing_but_the_map_leaves_the_directory(client: TestClient[Litestar], path: str) -> None:
    """Other files, links out, dots and slashes in any spelling are simply not there."""
    answer = client.get(f"/tiles/{path}")
    assert answer.status_code == 404
    assert b"secret" not in answer.content.replace(b"secret.pmtiles", b"")


def test_without_a_city_there_is_no_map() -> None:
    """No CITY_DIR: 404 that says so."""
    with serving("") as client:
        answer = client.get("/tiles/city.pmtiles")
    assert answer.status_code == 404
    assert answer.json()["detail"] == "This server has no city of its own."


def test_pages_are_told_of_a_map_only_where_there_is_one(city: Path, tmp_path: Path) -> None:
    """A city of streets alone, and no city at all, leave pages with their other maps."""
    assert tiles.has_map(City(str(city)))
    assert not tiles.has_map(City(str(tmp_path)))
    assert not tiles.has_map(City(""))


def test_an_empty_file_is_served_whole(client: TestClient[Litestar], city: Path) -> None:
    """No byte can be asked of it, and all of it is nothing."""
    (city / "city.pmtiles").write_bytes(b"")
    assert client.get("/tiles/city.pmtiles", headers={"Range": "bytes=0-0"}).status_code == 416
    answer = client.get("/tiles/city.pmtiles")
    assert (200, b"") == (answer.status_code, answer.content)


@given(st.integers(0, 50), st.integers(0, 60), st.integers(0, 60))
def test_a_span_lies_inside_the_file(size: int, first: int, last: int) -> None:
    """Whatever is asked, the span is what the file has of it."""
    content = list(range(size))
    found = wanted(f"bytes={first}-{last}", size)
    expected = content[first : last + 1]
    if last < first:
        assert found is None
    elif not expected:
        assert Unsatisfiable() == found
    else:
        assert isinstance(found, Span)
        assert expected == content[found.first : found.last + 1]


@given(st.text(alphabet="bytes=-0123456789, \t", max_size=20), st.integers(0, 30))
def test_no_header_text_breaks_the_reader(text: str, size: int) -> None:
    """Any text gives a span inside the file, a refusal, or nothing."""
    found = wanted(text, size)
    if isinstance(found, Span):
        assert 0 <= found.first <= found.last < size
