"""The project's shape, kept by a machine: where files may stand, how long they may be, what may import what."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("api", "tracking", "chat", "notifications", "geo", "live", "infra", "client", "city", "events", "calls")
PROGRAMS = (*PACKAGES, "bench", "tests")
LONGEST_FILE, AIMED_FILE, LONGEST_FUNCTION = 300, 150, 40

# Rules decide; they neither wait nor ask. Their list is the import contract of this name in pyproject.toml.
RULES_CONTRACT = "rules do no I/O, not even through a friend"
DRIVERS = frozenset(
    {"asyncio", "redis", "motor", "pymongo", "aio_pika", "litestar", "uvicorn", "picows", "httpx", "time"}
)

TOP_LEVEL = ("tracking", "chat", "notifications", "geo", "api", "compose.yaml", "nginx.conf", "pyproject.toml", "tests")
CARD_PACKAGES = {
    "litestar": "litestar", "uvicorn": "uvicorn", "redis": "redis", "websockets": "websockets", "motor": "motor",
    "msgspec": "msgspec", "shapely": "shapely", "aio-pika": "aio_pika", "pytest": "pytest",
}


def python_files(*names: str) -> list[Path]:
    """Every Python file of these top-level packages."""
    return sorted(path for name in names for path in (ROOT / name).rglob("*.py") if "node_modules" not in path.parts)


def tree(path: Path) -> ast.Module:
    """The file's syntax tree."""
    return ast.parse(path.read_text(), str(path))


def where(path: Path, node: ast.AST | None = None) -> str:
    """A place to click on."""
    return f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 1)}"


def imported(module: ast.Module) -> Iterator[str]:
    """Every module name this one imports, at the top or inside a function."""
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def functions(module: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method."""
    return (node for node in ast.walk(module) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def rule_files() -> list[Path]:
    """The files of the rule modules; a package stands for all its files."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    found = []
    for name in next(contract["source_modules"] for contract in contracts if contract["name"] == RULES_CONTRACT):
        stem = ROOT.joinpath(*name.split("."))
        found += python_files(name.replace(".", "/")) if stem.is_dir() else [stem.with_suffix(".py")]
    return found


def test_a_packages_init_tells_its_story_and_holds_no_code() -> None:
    """An `__init__.py` is one docstring: nothing runs and nothing is re-exported on import."""
    inits = [path for path in python_files(*PACKAGES, "bench") if path.name == "__init__.py"]
    not_a_story = [where(path) for path in inits if len(tree(path).body) != 1 or not ast.get_docstring(tree(path))]
    assert [] == not_a_story


def test_every_module_opens_with_its_one_rule() -> None:
    """A reader learns from a file's first line what the file is for."""
    written = [path for path in python_files(*PROGRAMS) if path.read_text().strip()]
    assert [] == [where(path) for path in written if not ast.get_docstring(tree(path))]


def test_no_file_outgrows_a_readers_patience(record_property: Callable[[str, object], None]) -> None:
    """A file stops at 300 lines; those above 150 are written into the test report."""
    sizes = {where(path): len(path.read_text().splitlines()) for path in python_files(*PROGRAMS)}
    record_property("files above the aim", {name: lines for name, lines in sizes.items() if lines > AIMED_FILE})
    assert {} == {name: lines for name, lines in sizes.items() if lines > LONGEST_FILE}


def test_no_function_needs_scrolling() -> None:
    """A function fits on a screen: 40 lines with its docstring."""
    long = {}
    for path in python_files(*PROGRAMS):
        for node in functions(tree(path)):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > LONGEST_FUNCTION:
                long[f"{where(path, node)} {node.name}"] = lines
    assert {} == long


def test_rules_neither_wait_nor_ask() -> None:
    """A rule module has no `async def` and imports no driver, no event loop and no clock."""
    broken = []
    for path in rule_files():
        module = tree(path)
        broken += [where(path, node) for node in ast.walk(module) if isinstance(node, ast.AsyncFunctionDef | ast.Await)]
        broken += [f"{where(path)} imports {name}" for name in imported(module) if name.split(".")[0] in DRIVERS]
    assert [] == broken


def test_no_test_sleeps() -> None:
    """Tests wait for things with a deadline; only `tests/waiting.py`, which does the waiting, may sleep."""
    asleep = []
    for path in python_files("tests"):
        if path == ROOT / "tests" / "waiting.py":
            continue
        for node in ast.walk(tree(path)):
            named = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            if named.split(".")[-1] in ("sleep", "wait_for_timeout"):
                asleep.append(where(path, node))
    assert [] == asleep


def test_no_test_is_switched_off_or_fed_a_fake() -> None:
    """No skip, no expected failure, no mock: what is here runs, against the real thing."""
    switched_off = []
    for path in python_files("tests"):
        module = tree(path)
        switched_off += [
            where(path, node) for node in ast.walk(module)
            if isinstance(node, ast.Attribute) and node.attr in ("skip", "skipif", "xfail", "importorskip", "skipTest")
        ]
        fakes = {"unittest.mock", "mock", "fakeredis", "mongomock", "pytest_mock", "mongomock_motor"}
        switched_off += [f"{where(path)} imports {name}" for name in imported(module) if name in fakes]
    assert [] == switched_off


def test_every_test_says_its_rule_in_one_sentence() -> None:
    """A test function carries a docstring that states the rule it keeps."""
    silent = [
        f"{where(path, node)} {node.name}" for path in python_files("tests") for node in functions(tree(path))
        if node.name.startswith("test_") and not ast.get_docstring(node)
    ]
    assert [] == silent


def test_nothing_is_left_for_later() -> None:
    """No file holds a note that something is still to be done."""
    later = re.compile(r"\b(TO" r"DO|FIX" r"ME|X{3}|HA" r"CK)\b")
    suffixes = {".py", ".js", ".mjs", ".lua", ".html", ".css", ".md", ".yaml", ".yml", ".toml", ".conf", ".sh"}
    skipped = {".git", ".venv", "node_modules", "dist", ".data", ".hypothesis"}
    found = []
    for directory, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in skipped]
        for name in names:
            path = Path(directory, name)
            if path.suffix in suffixes and (hit := later.search(path.read_text(errors="replace"))):
                found.append(f"{path.relative_to(ROOT)}: {hit.group()}")
    assert [] == found


def test_imports_keep_every_contract() -> None:
    """import-linter finds no broken contract; each is a sentence in pyproject.toml."""
    linter = Path(sys.executable).parent / "lint-imports"
    run = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=100)
    assert 0 == run.returncode, run.stdout + run.stderr


def test_the_top_of_the_tree_names_the_product() -> None:
    """The names a visitor is promised stand at the top."""
    assert [] == [name for name in TOP_LEVEL if not (ROOT / name).exists()]


def test_packages_the_project_is_built_on_are_declared_and_used() -> None:
    """Each named package is a dependency in pyproject.toml, and some file really imports it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["test"]]
    declared = {re.split(r"[\[<>=~! ]", requirement)[0].lower() for requirement in wanted}
    used = {name.split(".")[0] for path in python_files(*PROGRAMS) for name in imported(tree(path))}
    assert [] == [name for name in CARD_PACKAGES if name not in declared]
    assert [] == [name for name, module in CARD_PACKAGES.items() if module not in used]
