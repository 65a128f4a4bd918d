"""The part of a page that a benchmark writes: what stands between its marks is replaced, everything else stays."""

import datetime
import os
from pathlib import Path

from bench.usage import machine

END = "<!-- end of figures -->"
BUSY = 0.5  # load average from which a machine counts as not idle


def source(command: str, load: float) -> str:
    """Which command wrote it, when and on what; `load` is the load average before."""
    date = datetime.datetime.now(datetime.UTC).date()
    doubt = "" if load <= BUSY else ", so the machine was not idle"
    return f"Written by `{command}` on {date}, {machine()}; load average before: {load:.1f}{doubt}."


def load_now() -> float:
    """The load average of the last minute."""
    return os.getloadavg()[0]


def put(bench: str, text: str, page: Path) -> None:
    """Between the marks of this benchmark on a page that has them, or as a file of its own."""
    begin, before, after = f"<!-- figures of bench/{bench} -->", "", "\n"
    written = page.read_text() if page.exists() else ""
    if begin in written:
        before, _, rest = written.partition(begin)
        after = rest.partition(END)[2]
    page.write_text(f"{before}{begin}\n\n{text.strip()}\n\n{END}{after}")
