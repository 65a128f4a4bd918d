"""A section of a docs page that a benchmark writes itself: what was run, when, on which machine, and its table."""

import datetime
import re
from pathlib import Path

import psutil

from bench.usage import machine

LOOK_S, BUSY_PERCENT = 2.0, 15.0
WORDS = """Written by `python -m {command}` on {date}, {machine};
other work took {busy:.0f} % of the CPU before it began.{doubt}

{body}
"""
DOUBT = " **The machine was busy: these figures are unfit for comparing; run it again when idle.**"


def busy_percent() -> float:
    """How much of the machine is in use; to be asked before anything is started."""
    return psutil.cpu_percent(LOOK_S)


def put(page: Path, title: str, command: str, busy: float, body: str) -> None:
    """Write the section of this title in the place of the one before it, or at the end of the page."""
    date, doubt = datetime.datetime.now(datetime.UTC).date(), DOUBT if busy > BUSY_PERCENT else ""
    said = WORDS.format(
        command=f"{command} --markdown {page}", date=date, machine=machine(), busy=busy, doubt=doubt, body=body
    )
    section, text = f"## {title}\n{said}", page.read_text()
    before = re.search(rf"^## {re.escape(title)}\n.*?(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    if before is None:
        page.write_text(f"{text.rstrip()}\n\n{section}")
    else:
        rest = text[before.end():]
        page.write_text(text[: before.start()] + section + ("\n" if rest else "") + rest)


def table(heads: list[str], rows: list[list[str]]) -> str:
    """A table whose first column is words and whose others are figures."""
    lines = [f"| {' | '.join(heads)} |", f"|---|{'--:|' * (len(heads) - 1)}"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])
