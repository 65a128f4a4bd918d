"""Generated pages are what the code says now; `script/docs` writes them again."""

from pathlib import Path

import pytest

from api.contract import said
from api.contract.asyncapi import tag
from api.contract.page import ABOUT_THE_SOCKET, classes
from api.contract.write import documents

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.mark.parametrize("name", ["asyncapi.json", "openapi.json", "protocol.md", "notifications.md"])
def test_a_generated_document_is_fresh(name: str) -> None:
    """The file in docs/ equals what the code would write."""
    assert documents()[name] == (DOCS / name).read_text(), "run script/docs"


def test_the_page_says_of_each_push_what_is_promised() -> None:
    """Every push is of one class: logs hold what has an offset, fence alerts among them; `left` is a latest value."""
    told = [name.strip("`") for members in classes().values() for name in members.split(", ")]
    assert sorted(tag(each) for each in said.PUSHES if each not in ABOUT_THE_SOCKET) == sorted(told)
    assert {"order", "geofence", "chat.message"} <= set(classes()["LOG_MESSAGES"].replace("`", "").split(", "))
    assert "`left`" in classes()["LATEST_MESSAGES"]
