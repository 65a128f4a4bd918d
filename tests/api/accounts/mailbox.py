"""Letters as their receivers find them, on a real mail server."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import Message

from tests.notifications.outside import MailBox, mail_server
from tests.waiting import until


class Mailbox:
    """Everybody's letters, in the order they came."""

    def __init__(self, box: MailBox, url: str) -> None:
        self.box, self.url = box, url

    @property
    def letters(self) -> list[Message]:
        """All of them."""
        return self.box.letters

    def to(self, address: str) -> list[Message]:
        """Letters to this address."""
        return [letter for letter in self.letters if letter["To"] == address]

    async def code(self, address: str, number: int = 1) -> str:
        """The code in the address's letter of this number, once it is there."""
        letters = await until(lambda: (found := self.to(address)) if len(self.to(address)) >= number else None)
        found = re.search(r"\b[0-9]{6}\b", str(letters[number - 1].get_payload()))
        assert found is not None
        return found[0]


@asynccontextmanager
async def mailbox() -> AsyncIterator[Mailbox]:
    """A mail server on a free port."""
    async with mail_server() as (box, url):
        yield Mailbox(box, url)
