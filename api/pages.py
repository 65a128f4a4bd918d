"""The pages and what they load: HTML by name, assets under hashed names for ever, `/config.json` for the map.

Nothing is inline, so the policy allows scripts and styles from here only; the one foreign origin is the tile server's.
Everything is read into memory once: `npm run build` in web/ makes some three megabytes.
"""

import mimetypes
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import msgspec
from litestar import Request, Response, get, route
from litestar.datastructures import State
from litestar.handlers import HTTPRouteHandler
from litestar.params import PathParameter

DIST = Path(__file__).resolve().parents[1] / "web" / "dist"
FOR_EVER = "public, max-age=31536000, immutable"
ENCODINGS = (("br", ".br"), ("gzip", ".gz"))
PATHS: dict[str, Sequence[str]] = {
    "index": ["/"], "track": ["/track", "/track/{token:str}"],
    "chat": ["/chat", "/chat/{room:str}"], "dispatch": ["/dispatch"], "vendor": ["/vendor"], "ride": ["/ride"],
    "login": ["/login"], "preferences": ["/preferences"],
}
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(?=/|$)")
UNBUILT = "The pages are not built. Run `npm ci && npm run build` in web/, then start the server again.\n"

mimetypes.add_type("text/javascript", ".mjs")


class PageSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What the pages learn from the server. `links` (label → address) is for the demo's landing page only,
    `providers` are other logins people may come by."""

    map_style_url: str = ""
    city: bool = False
    links: dict[str, str] = {}
    providers: list[str] = []


class Asset(msgspec.Struct, frozen=True):
    """A built file: its kind, its bytes, and the same compressed, by content coding."""

    media_type: str
    plain: bytes
    packed: dict[str, bytes]


def load_assets(directory: Path) -> dict[str, Asset]:
    """Every asset by its hashed name; none when nothing was built."""
    assets = {}
    for path in sorted(directory.glob("*")):
        if path.suffix not in (".br", ".gz"):
            twins = {code: path.with_name(path.name + end) for code, end in ENCODINGS}
            packed = {code: twin.read_bytes() for code, twin in twins.items() if twin.is_file()}
            kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
            assets[path.name] = Asset(kind, path.read_bytes(), packed)
    return assets


def content_policy(map_style_url: str) -> str:
    """The Content-Security-Policy of a page: ours only, nothing inline, and the map style's origin."""
    origin = ORIGIN.match(map_style_url)
    tiles = f" {origin[0]}" if origin else ""
    return "; ".join((
        "default-src 'none'", "script-src 'self'", "worker-src 'self'", "style-src 'self'",
        f"img-src 'self' data: blob:{tiles}", f"connect-src 'self'{tiles}", "manifest-src 'self'",
        "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'",
    ))


def page_headers(name: str, policy: str) -> dict[str, str]:
    """What goes with a page. Only the rider's asks where it is; links and rooms are kept and indexed by nobody."""
    headers = {
        "Content-Security-Policy": policy,
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": f"geolocation=({'self' if name == 'ride' else ''}), camera=(), microphone=()",
        "Cache-Control": "no-cache",
    }
    if name in ("track", "chat"):
        headers |= {"X-Robots-Tag": "noindex, nofollow", "Cache-Control": "no-store"}
    return headers


def chosen(asset: Asset, accept: str) -> tuple[bytes, str | None]:
    """The smallest form of the asset that the browser takes, and its content coding."""
    parts = [part.replace(" ", "").split(";q=") for part in accept.split(",")]
    offered = {name for name, *quality in parts if quality != ["0"]}
    code = next((code for code, _ in ENCODINGS if code in offered and code in asset.packed), None)
    return (asset.packed[code], code) if code else (asset.plain, None)


def _page(name: str, paths: Sequence[str], dist: Path, policy: str) -> HTTPRouteHandler:
    file = dist / f"{name}.html"
    html = file.read_text() if file.is_file() else None
    headers = page_headers(name, policy)

    @route(list(paths), http_method=["GET", "HEAD"], name=f"page-{name}", include_in_schema=False, sync_to_thread=False)
    def page() -> Response[str]:
        """The page; which token its path carries is the page's own business."""
        if html is None:
            return Response(UNBUILT, status_code=503, media_type="text/plain")
        return Response(html, media_type="text/html; charset=utf-8", headers=headers)

    return page


def service_worker(file: Path, policy: str) -> HTTPRouteHandler:
    """The service worker, at the root so that its scope is the whole site. Browsers ask whether it changed."""
    script = file.read_bytes() if file.is_file() else None
    headers = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff", "Content-Security-Policy": policy}

    @get("/sw.js", include_in_schema=False, sync_to_thread=False)
    def worker() -> Response[bytes]:
        """The script."""
        if script is None:
            return Response(UNBUILT.encode(), status_code=503, media_type="text/plain")
        return Response(script, media_type="text/javascript", headers=headers)

    return worker


def page_handlers(settings: PageSettings, dist: Path = DIST) -> list[HTTPRouteHandler]:
    """All handlers, to be mounted at the root."""
    assets = load_assets(dist / "assets")
    config: Mapping[str, object] = msgspec.to_builtins(settings)
    policy = content_policy(settings.map_style_url)
    # A worker runs under its own script's policy, so scripts carry the pages' one too.
    always = {
        "Cache-Control": FOR_EVER, "Vary": "Accept-Encoding", "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": policy,
    }

    @get("/assets/{name:str}", include_in_schema=False, sync_to_thread=False)
    def asset(request: Request[None, None, State], name: Annotated[str, PathParameter()]) -> Response[bytes]:
        """A built file. Its name changes with its content, so it is never asked for twice."""
        found = assets.get(name)
        if found is None:
            return Response(b"No such asset\n", status_code=404, media_type="text/plain")
        body, code = chosen(found, request.headers.get("accept-encoding", ""))
        coding = {"Content-Encoding": code} if code else {}
        return Response(body, media_type=found.media_type, headers=always | coding)

    @get("/config.json", include_in_schema=False, sync_to_thread=False)
    def page_config(request: Request[None, None, State]) -> Response[Mapping[str, object]]:
        """What the pages need to know of this server. The demo's links hold tokens: only this machine is told them."""
        told = config if request.url.hostname in LOOPBACK else {**config, "links": {}}
        return Response(told, headers={"Cache-Control": "no-store"})

    worker = service_worker(dist / "sw.js", policy)
    return [asset, page_config, worker, *(_page(name, paths, dist, policy) for name, paths in PATHS.items())]
