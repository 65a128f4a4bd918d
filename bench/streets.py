"""How long a customer waits for the map: from opening the demo's share link to marker, arrival time and streets.

A demo of its own runs for as long as that takes. Each opening is a new profile of Chromium without a graphics card, as
on a cheap phone: WebGL is drawn in software. Streets are there when a screenshot shows the houses between them, which
the map has at its last zoom only.

    python -m bench.streets --openings 5
"""

import argparse
import asyncio
import io
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from PIL import Image
from playwright.async_api import FloatRect, Page, ViewportSize, async_playwright

from bench.page import busy_percent, source, table
from infra.embedded.ports import free_port

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
PHONE: ViewportSize = {"width": 360, "height": 740}
MAP: FloatRect = {"x": 0, "y": 60, "width": 290, "height": 240}  # no buttons, no sheet
HOUSE, HOUSES_SHARE = (0xE1, 0xDC, 0xD2), 0.01  # `building` in web/src/map/palette.js; of that part of the screen
LONGEST_S, LINK_S, LOOK_EVERY_S = 40.0, 180.0, 0.1
LINK = re.compile(r"http://\S+/track/\S+")
SIGNS = {
    "map": "() => document.querySelector('#map')?.dataset.map",
    "marker": "() => document.querySelector('#rider')?.dataset.lat",
    "arrival": "() => document.querySelector('#eta')?.hidden === false",
}


class Opening(msgspec.Struct):
    """Seconds from asking for the page to each sign; how many pieces of the base map were asked for until then."""

    seen_s: dict[str, float]
    pieces: int = 0


@contextmanager
def demo() -> Iterator[Callable[[], str]]:
    """A demo, which is stopped at the end; what it yields tells its newest customer's link."""
    with tempfile.TemporaryDirectory(prefix="streets-") as directory:
        command = [sys.executable, "-m", "api.cli", "demo", "--port", str(free_port()), "--data", directory]
        log = Path(directory) / "said"
        with log.open("w") as said, subprocess.Popen(command, stdout=said, stderr=said) as process:
            try:
                yield lambda: _link(log, process)
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(60)


def _link(log: Path, process: "subprocess.Popen[bytes]") -> str:
    until_s = time.monotonic() + LINK_S
    while time.monotonic() < until_s and process.poll() is None:
        if found := LINK.findall(log.read_text()):
            return str(found[-1])
        time.sleep(0.2)
    raise RuntimeError(f"the demo gave no customer's link within {LINK_S:.0f} s:\n{log.read_text()}")


async def open_once(link: str) -> Opening:
    """One customer, from nothing."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = await browser.new_page(viewport=PHONE)
        opening = Opening({})

        def asked(url: str) -> None:
            opening.pieces += url.endswith(".pmtiles")

        page.on("request", lambda request: asked(request.url))
        began_s = time.monotonic()
        await page.goto(link, wait_until="commit")
        wanted = {*SIGNS, "streets"}
        while wanted - opening.seen_s.keys() and time.monotonic() < began_s + LONGEST_S:
            for name in wanted - opening.seen_s.keys():
                if await _is_seen(page, name):
                    opening.seen_s[name] = time.monotonic() - began_s
            await asyncio.sleep(LOOK_EVERY_S)
        await browser.close()
    return opening


async def _is_seen(page: Page, name: str) -> bool:
    if name != "streets":
        return bool(await page.evaluate(SIGNS[name]))
    picture = Image.open(io.BytesIO(await page.screenshot(clip=MAP))).convert("RGB")
    count = sum(count for count, colour in picture.getcolors(picture.width * picture.height) or () if colour == HOUSE)
    return count / (picture.width * picture.height) >= HOUSES_SHARE


def main() -> None:
    """Open it some times and print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.streets", description=__doc__)
    parser.add_argument("--openings", type=int, default=5)
    options = parser.parse_args()
    busy = busy_percent()
    with demo() as link:
        openings = [asyncio.run(open_once(link())) for _ in range(options.openings)]
    rows = []
    for name in (*SIGNS, "streets"):
        seen = [opening.seen_s.get(name, float("inf")) for opening in openings]
        rows.append([name, *(f"{at(seen):.1f}" for at in (min, statistics.median, max))])
    print(source("python -m bench.streets", busy))
    print(table(["seconds until", "least", "median", "most"], rows))
    print(f"pieces of the base map asked for: {[opening.pieces for opening in openings]}")


if __name__ == "__main__":
    main()
