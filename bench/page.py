"""The part of a page that a benchmark writes: what stands between its marks is replaced, everything else stays."""

import datetime
from pathlib import Path

import psutil

from bench.usage import machine

END = "<!-- end of figures -->"
LOOK_S, BUSY_PERCENT = 1.0, 15.0
DOUBT = " **The machine was busy: these figures are unfit for comparing; run it again when idle.**"


def busy_percent() -> float:
    """How much of the machine's CPU is in use, looked at for a second; to be asked before anything is started."""
    return psutil.cpu_percent(LOOK_S)


def source(command: str, busy: float) -> str:
    """Which command wrote it, when and on what; `busy` is what busy_percent said before."""
    date = datetime.datetime.now(datetime.UTC).date()
    doubt = DOUBT if busy > BUSY_PERCENT else ""
    return (
        f"Written by `{command}` on {date}, {machine()};\n"
        f"other work took {busy:.0f} % of the CPU before it began.{doubt}"
    )


def put(bench: str, text: str, page: Path) -> None:
    """Between the marks of this benchmark on a page that has them, else at the page's end, or as a file of its own."""
    begin, before, after = f"<!-- figures of bench/{bench} -->", "", "\n"
    written = page.read_text() if page.exists() else ""
    if begin in written:
        before, _, rest = written.partition(begin)
        after = rest.partition(END)[2]
    elif written.strip():
        before = f"{written.rstrip()}\n\n"
    page.write_text(f"{before}{begin}\n\n{text.strip()}\n\n{END}{after}")


def table(heads: list[str], rows: list[list[str]]) -> str:
    """A table whose first column is words and whose others are figures."""
    lines = [f"| {' | '.join(heads)} |", f"|---|{'--:|' * (len(heads) - 1)}"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])
