"""The base map of CITY_DIR over HTTP, a piece at a time: Range, ETag and If-Range for `.pmtiles`, and the manifest.

Litestar's file response knows no Range, and PMTiles needs nothing else. Only plain file names directly inside the
directory are served.
"""

import os
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any, Protocol

import anyio
from litestar import MediaType, Request, Response, Router, get, head
from litestar.params import FromPath
from litestar.response import Stream

from api.byteranges import Span, Unsatisfiable, wanted
from api.errors import Refusal
from city.manifest import MANIFEST_FILE, MAP_FILE

AT_ONCE_BYTES = 1024 * 1024  # pages ask for far less; only whole downloads are streamed
CHUNK_BYTES = 256 * 1024
CACHE_S = 600
_TILES_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}\.pmtiles")


class HasCityDir(Protocol):
    """What we read of the settings: an empty `city_dir` means that there is no city."""

    @property
    def city_dir(self) -> str: ...


def has_map(settings: HasCityDir) -> bool:
    """Whether there is a base map to show; a city can also be a routing graph alone."""
    return bool(settings.city_dir) and (Path(settings.city_dir) / MAP_FILE).is_file()


def router(settings: HasCityDir) -> Router:
    """Routes `/tiles/{file}` for one city directory."""
    directory = Path(settings.city_dir) if settings.city_dir else None

    @get("/{file:str}", summary="A piece of the base map (PMTiles, by Range), or city.json", sync_to_thread=True)
    def tiles(file: FromPath[str], request: Request[Any, Any, Any]) -> Response[Any]:
        return _answer(directory, file, request)

    @head("/{file:str}", include_in_schema=False, sync_to_thread=True)
    def tiles_head(file: FromPath[str], request: Request[Any, Any, Any]) -> Response[None]:
        return _answer(directory, file, request)

    return Router("/tiles", route_handlers=[tiles, tiles_head], tags=["map"])


def _find(directory: Path | None, name: str) -> Path:
    """The file's path; not_found for every name that is not plainly one of ours, or a link that leads out."""
    if directory is not None and (name == MANIFEST_FILE or _TILES_FILE.fullmatch(name)):
        path = (directory / name).resolve()
        if path.parent == directory.resolve() and path.is_file():
            return path
    raise Refusal("not_found", f"There is no {name} here." if directory else "This server has no city of its own.")


def _answer(directory: Path | None, name: str, request: Request[Any, Any, Any]) -> Response[Any]:
    """Whole, part, unchanged, or refused because the range is none. Runs in a thread: it reads."""
    path = _find(directory, name)
    with path.open("rb") as file:
        facts = os.fstat(file.fileno())
        headers = _headers(name, facts)
        if _names(request.headers.get("if-none-match"), headers["etag"]):
            return Response(None, status_code=304, headers=headers)
        may_cut = request.headers.get("if-range") in (None, headers["etag"], headers["last-modified"])
        span = wanted(request.headers.get("range"), facts.st_size) if may_cut else None
        if isinstance(span, Unsatisfiable):
            headers["content-range"] = f"bytes */{facts.st_size}"
            return Response(None, status_code=416, headers=headers)
        if span is not None:
            headers["content-range"] = f"bytes {span.first}-{span.last}/{facts.st_size}"
        part, status = span or Span(0, facts.st_size - 1), 206 if span else 200
        headers["content-length"] = str(part.length)
        if request.method == "HEAD":
            return Response(b"", status_code=status, headers=headers, media_type=_kind(name))
        if part.length > AT_ONCE_BYTES:
            chunks = _read(path, headers["etag"], part)
            return Stream(chunks, status_code=status, headers=headers, media_type=_kind(name))
        content = os.pread(file.fileno(), part.length, part.first)
        return Response(content, status_code=status, headers=headers, media_type=_kind(name))


def _headers(name: str, facts: os.stat_result) -> dict[str, str]:
    """What every answer says of the file."""
    modified = datetime.fromtimestamp(int(facts.st_mtime), UTC)
    max_age_s = 0 if name == MANIFEST_FILE else CACHE_S
    return {
        "etag": _version(facts), "last-modified": format_datetime(modified, usegmt=True), "accept-ranges": "bytes",
        "cache-control": f"public, max-age={max_age_s}, must-revalidate",
    }  # fmt: skip


def _kind(name: str) -> str:
    return MediaType.JSON.value if name == MANIFEST_FILE else "application/vnd.pmtiles"


def _version(facts: os.stat_result) -> str:
    """The strong ETag of a file: another size or another time is another version."""
    return f'"{facts.st_size:x}-{facts.st_mtime_ns:x}"'


def _names(if_none_match: str | None, etag: str) -> bool:
    """Whether the client already has this version."""
    tags = [tag.strip().removeprefix("W/") for tag in (if_none_match or "").split(",")]
    return etag in tags or "*" in tags


async def _read(path: Path, etag: str, part: Span) -> AsyncIterator[bytes]:
    """A large span in chunks, read off the event loop. A file replaced meanwhile breaks the answer off."""
    async with await anyio.open_file(path, "rb") as file:
        if _version(os.fstat(file.wrapped.fileno())) != etag:
            return
        await file.seek(part.first)
        left = part.length
        while left > 0 and (chunk := await file.read(min(CHUNK_BYTES, left))):
            left -= len(chunk)
            yield chunk
