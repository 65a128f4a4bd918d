"""One thing looked at, how it is, and what to do about it."""

from typing import Literal

import msgspec

Purpose = Literal["demo", "serve", "test"]
State = Literal["ok", "advice", "wrong"]
MARKS: dict[State, str] = {"ok": "✓", "advice": "·", "wrong": "✗"}


class Finding(msgspec.Struct, frozen=True):
    """`state`: ok, advice (it works without), wrong (it does not). `fix` is a command or a sentence, empty when ok."""

    name: str
    state: State
    found: str
    fix: str = ""

    def line(self) -> str:
        """For people."""
        mended = f"\n      {self.fix}" if self.fix else ""
        return f"  {MARKS[self.state]} {self.name:<22} {self.found}{mended}"


def judge(name: str, good: bool, found: str, fix: str, *, needed: bool = True) -> Finding:
    """Ok when good; else wrong where it is needed and advice where it is not."""
    return Finding(name, "ok" if good else "wrong" if needed else "advice", found, "" if good else fix)
