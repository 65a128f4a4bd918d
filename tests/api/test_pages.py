"""How pages and assets are served: what may be kept, what may be loaded, who may index."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar import Litestar
from litestar.testing import TestClient

from api.pages import ENCODINGS, FOR_EVER, Asset, PageSettings, chosen, content_policy, page_handlers

STYLE = "https://tiles.example.org/styles/liberty"


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    """A build with one page of each kind and one script."""
    for name in ("index", "track", "chat", "dispatch", "vendor", "ride", "preferences"):
        (tmp_path / f"{name}.html").write_text(f"<!doctype html><title>{name}</title>")
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "track-ABC.js").write_bytes(b"plain")
    (tmp_path / "assets" / "track-ABC.js.br").write_bytes(b"brotli")
    (tmp_path / "assets" / "worker-ABC.mjs").write_bytes(b"worker")
    return tmp_path


def serving(dist: Path, settings: PageSettings) -> TestClient[Litestar]:
    """A client of an app that serves nothing but pages."""
    return TestClient(Litestar(page_handlers(settings, dist)))


def test_a_page_may_load_from_here_and_the_tile_server_only_and_nothing_inline(dist: Path) -> None:
    """The policy names no 'unsafe-inline', no foreign script, and one foreign origin: the map style's."""
    with serving(dist, PageSettings(map_style_url=STYLE)) as client:
        policy = client.get("/dispatch").headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "script-src 'self';" in policy
    assert "connect-src 'self' https://tiles.example.org;" in policy
    assert "frame-ancestors 'none'" in policy


@given(st.text(max_size=60))
def test_no_style_setting_can_add_a_directive(text: str) -> None:
    """Whatever MAP_STYLE_URL holds, the policy's directives stay those written in the code."""
    names = [part.split()[0] for part in content_policy("").split(";")]
    assert names == [part.split()[0] for part in content_policy(f"https://{text}/style").split(";") if part.strip()]


def test_a_share_links_page_is_indexed_kept_and_referred_to_by_nobody(dist: Path) -> None:
    """`/track/TOKEN` answers with noindex, no-store and no-referrer, whatever the token is."""
    with serving(dist, PageSettings()) as client:
        answer = client.get("/track/rws_whatever")
    assert answer.status_code == 200
    assert "<title>track</title>" in answer.text
    got = {name: answer.headers[name] for name in ("x-robots-tag", "cache-control", "referrer-policy")}
    assert {"x-robots-tag": "noindex, nofollow", "cache-control": "no-store", "referrer-policy": "no-referrer"} == got


def test_only_the_riders_page_may_ask_where_it_is(dist: Path) -> None:
    """Geolocation is allowed on /ride and on no other page."""
    with serving(dist, PageSettings()) as client:
        allowed = {path: "geolocation=(self)" in client.get(path).headers["permissions-policy"]
                   for path in ("/", "/track/x", "/chat/x", "/dispatch", "/vendor", "/ride")}
    assert ["/ride"] == [path for path, may_ask in allowed.items() if may_ask]


def test_an_asset_is_kept_for_ever_and_sent_compressed_to_who_takes_it(dist: Path) -> None:
    """Hashed names never change their content; brotli goes to browsers that accept it."""
    with serving(dist, PageSettings()) as client:
        packed = client.get("/assets/track-ABC.js", headers={"Accept-Encoding": "br;q=1.0, gzip"})
        plain = client.get("/assets/track-ABC.js", headers={"Accept-Encoding": "identity"})
        worker = client.get("/assets/worker-ABC.mjs")
        missing = client.get("/assets/track-OLD.js")
    assert (FOR_EVER, "br") == (packed.headers["cache-control"], packed.headers["content-encoding"])
    assert b"plain" == plain.content
    assert "content-encoding" not in plain.headers
    assert worker.headers["content-type"].startswith("text/javascript")
    assert 404 == missing.status_code


@pytest.mark.parametrize(
    ("accept", "code"), [("gzip, br", "br"), ("gzip;q=0.5", "gzip"), ("br;q=0, gzip", "gzip"), ("", None)]
)
def test_a_coding_the_browser_refuses_is_not_used(accept: str, code: str | None) -> None:
    """Accept-Encoding's q=0 means no."""
    asset = Asset("text/javascript", b"x", {name: name.encode() for name, _ in ENCODINGS})
    assert code == chosen(asset, accept)[1]


def test_the_demos_links_are_told_to_this_machine_only(dist: Path) -> None:
    """They hold tokens: whoever asks under another name than loopback gets none."""
    with serving(dist, PageSettings(links={"dispatcher": "/dispatch#token=t"})) as client:
        here = client.get("/config.json", headers={"Host": "127.0.0.1:8000"}).json()
        rebound = client.get("/config.json", headers={"Host": "evil.example:8000"}).json()
    assert ({"dispatcher": "/dispatch#token=t"}, {}) == (here["links"], rebound["links"])


def test_a_page_can_be_asked_for_its_head(dist: Path) -> None:
    """HEAD answers like GET, without a body."""
    with serving(dist, PageSettings()) as client:
        answer = client.head("/dispatch")
    assert (200, b"") == (answer.status_code, answer.content)


def test_without_a_build_a_page_says_how_to_make_one(tmp_path: Path) -> None:
    """A checkout that was never built answers 503 with the command, and still starts."""
    with serving(tmp_path, PageSettings()) as client:
        answer = client.get("/dispatch")
    assert 503 == answer.status_code
    assert "npm run build" in answer.text


def test_the_service_worker_stands_at_the_root_and_is_asked_for_anew(dist: Path) -> None:
    """Its scope is the whole site, it runs under the pages' policy, and a browser sees at once when it changed."""
    with serving(dist, PageSettings()) as client:
        assert 503 == client.get("/sw.js").status_code
    (dist / "sw.js").write_text("addEventListener('push', () => {})")
    with serving(dist, PageSettings()) as client:
        answer = client.get("/sw.js")
    assert "text/javascript" in answer.headers["content-type"]
    assert "no-cache" == answer.headers["cache-control"]
    assert "default-src 'none'" in answer.headers["content-security-policy"]
