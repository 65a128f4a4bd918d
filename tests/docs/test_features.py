"""docs/features.md: every feature once, each with a proof that exists, or with a word about why there is none."""

import ast
import importlib.util
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "features.md"
ROW = re.compile(r"^\| ([A-K]\d\d) \| (.+?) \| (.+) \|$", re.MULTILINE)
# How far each part's numbers go, and which of them were never given.
PARTS = {"A": 37, "B": 34, "C": 15, "D": 10, "E": 8, "F": 14, "G": 19, "H": 15, "I": 18, "J": 12, "K": 3}
NEVER = {"A16", "E07", "F09", "F12", "H07"}
WANTED = [f"{part}{number:02}" for part, last in PARTS.items() for number in range(1, last + 1)
          if f"{part}{number:02}" not in NEVER]
ROWS: list[tuple[str, str, str]] = ROW.findall(PAGE.read_text())
WORDS = ("Narrowed: ", "Measured")


@cache
def names_in(path: str) -> frozenset[str]:
    """Names of the test functions of a file; none when there is no such file."""
    file = ROOT / path
    nodes = ast.parse(file.read_text()).body if file.is_file() else []
    return frozenset(node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def exists(proof: str) -> bool:
    """Whether this test, command or file of the project is there."""
    if "::" in proof:
        path, _, name = proof.partition("::")
        return name.startswith("test_") and name in names_in(path)
    if proof.startswith("python -m "):
        return importlib.util.find_spec(proof.removeprefix("python -m ")) is not None
    return (ROOT / proof).exists()


def test_every_feature_stands_here_once_and_in_order() -> None:
    """All 180, and no other."""
    assert 180 == len(WANTED)
    assert WANTED == [number for number, _, _ in ROWS]


@pytest.mark.parametrize(("number", "cell"), [(number, cell) for number, _, cell in ROWS])
def test_a_feature_is_proven_or_says_why_not(number: str, cell: str) -> None:
    """Each test, command and file that is named exists; without one the row is narrowed."""
    parts = cell.split("<br>")
    proofs = [part.strip("`") for part in parts if part.startswith("`")]
    words = [part for part in parts if not part.startswith("`")]
    assert [] == [proof for proof in proofs if not exists(proof)], number
    assert [] == [word for word in words if not word.startswith(WORDS)], number
    assert proofs or words, number
