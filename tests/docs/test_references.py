"""What the docs point at is there: links, files named in the text, settings, and pages that nothing points at."""

import re
from pathlib import Path

import msgspec

from infra.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")
NAMED = re.compile(r"`((?:[\w.-]+/)+[\w.-]*)`")
TOP = {path.name for path in ROOT.iterdir()}
MADE_ELSEWHERE = {"web/dist", "web/dist/"}


def links(page: Path) -> list[str]:
    """Relative links of a page."""
    return [link for link in LINK.findall(page.read_text()) if "://" not in link]


def test_every_link_leads_somewhere() -> None:
    """No relative link in any page is dead."""
    dead = [f"{page.relative_to(ROOT)}: {link}" for page in PAGES for link in links(page)
            if not (page.parent / link).exists()]
    assert [] == dead


def test_every_file_named_in_a_page_exists() -> None:
    """A path in backticks that begins at the top of the tree is a file or directory there."""
    named = [(page, name) for page in PAGES for name in NAMED.findall(page.read_text()) if name.split("/")[0] in TOP]
    gone = [f"{page.relative_to(ROOT)}: {name}" for page, name in named
            if name not in MADE_ELSEWHERE and not (ROOT / name).exists()]
    assert [] == gone


def test_every_page_can_be_reached() -> None:
    """Starting at the README, links lead to every page."""
    seen, ahead = set(), [ROOT / "README.md"]
    while ahead:
        page = ahead.pop().resolve()
        if page in seen or page.suffix != ".md":
            continue
        seen.add(page)
        ahead += [page.parent / link for link in links(page) if (page.parent / link).exists()]
    assert [] == [str(page.relative_to(ROOT)) for page in PAGES if page not in seen]


def test_settings_named_in_the_docs_exist() -> None:
    """A word in capitals with an underscore, in backticks, is a setting, or something compose.yaml or a test reads."""
    known = {field.name.upper() for field in msgspec.structs.fields(Settings)} | {"NAME_FILE"}
    known |= set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "compose.yaml").read_text()))
    for path in (ROOT / "tests").rglob("*.py"):
        known |= set(re.findall(r'environ\.get\("([A-Z_]+)"', path.read_text()))
    named = {name for page in PAGES for name in re.findall(r"`([A-Z]+_[A-Z_]+)(?:=\w+)?`", page.read_text())}
    assert set() == named - known


def test_the_readme_can_be_read_in_five_minutes() -> None:
    """At most 120 lines."""
    assert len((ROOT / "README.md").read_text().splitlines()) <= 120
