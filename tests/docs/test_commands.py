"""Shell commands in the docs do what the docs say: runnable blocks are run, the others at least name what exists."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from infra.embedded.mongod import Mongod
from infra.embedded.valkey import Valkey

pytestmark = pytest.mark.long

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
BLOCK = re.compile(r"^```console([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A ```console block. One marked `run` is run: `$ ` lines are commands, the others must be printed by them."""

    place: str
    is_run: bool
    commands: list[str]
    output: list[str]


def blocks() -> Iterator[Block]:
    """Every console block of every page."""
    for page in PAGES:
        text = page.read_text()
        for found in BLOCK.finditer(text):
            lines = [line for line in found[2].splitlines() if line.strip()]
            line_number = text[: found.start()].count("\n") + 1
            yield Block(
                f"{page.relative_to(ROOT)}:{line_number}", "run" in found[1].split(),
                [line[2:] for line in lines if line.startswith("$ ")], [ln for ln in lines if not ln.startswith("$ ")],
            )


RUNNABLE = [block for block in blocks() if block.is_run]


@pytest.fixture
def shell(tmp_path: Path, valkey: Valkey, mongod: Mongod) -> dict[str, str]:
    """An environment with `ridewire` on the path, servers to talk to, and a secret."""
    command = tmp_path / "ridewire"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m api.cli "$@"\n')
    command.chmod(0o755)
    return {
        "PATH": f"{tmp_path}:{Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": str(tmp_path),
        "PYTHONPATH": str(ROOT), "REDIS_URL": valkey.url, "MONGO_URL": mongod.url,
        "JWT_SECRET": "docs-only-secret-that-is-long-enough-0123456789",
    }


def test_there_are_commands_to_try() -> None:
    """The pages hold runnable commands, and each block holds a command."""
    assert (True, []) == (bool(RUNNABLE), [block.place for block in blocks() if not block.commands])


@pytest.mark.parametrize("block", RUNNABLE, ids=[block.place for block in RUNNABLE])
def test_a_runnable_block_runs_and_prints_what_it_shows(block: Block, shell: dict[str, str]) -> None:
    """Every command succeeds, and each line of output shown is printed; `…` stands for anything."""
    script = "set -e\n" + "\n".join(block.commands)
    run = subprocess.run(["bash", "-c", script], cwd=ROOT, env=shell, capture_output=True, text=True, timeout=60)
    assert 0 == run.returncode, run.stderr
    wanted = [".*".join(re.escape(part) for part in line.split("…")) for line in block.output]
    assert [] == [line for line in wanted if not re.search(line, run.stdout)], run.stdout


def test_a_command_that_is_shown_exists() -> None:
    """The first word of every shown command is a program on this machine or a file of the project."""
    known = {"ridewire", "docker", "certbot"}
    missing = []
    for block in blocks():
        for command in re.split(r" && |\n", "\n".join(block.commands)):
            word = next(part for part in command.split() if "=" not in part)
            if not (word in known or shutil.which(word) or (ROOT / word).exists()):
                missing.append(f"{block.place}: {word}")
    assert [] == missing
