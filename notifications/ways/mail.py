"""E-mail as a way to people: what the mail server's answers mean."""

from email.message import EmailMessage
from urllib.parse import urlsplit

import aiosmtplib

from notifications.notice import Notice
from notifications.ways.gate import Gate
from notifications.ways.letter import letter
from notifications.ways.outcome import Gone, Refused
from notifications.ways.smtp import hand_over

NO_SUCH_BOX = frozenset({550, 551, 553})


class Mail:
    """`url` says the server, `sender` who writes, `public_url` where links lead."""

    name = "email"

    def __init__(self, gate: Gate, url: str, sender: str, public_url: str) -> None:
        self.gate, self._url, self._sender, self._public_url = gate, urlsplit(url), sender, public_url

    async def send(self, notice: Notice, to: str) -> None:
        """Hand it to the mail server; raises Refused, Gone, or what may pass."""
        try:
            message = letter(notice, self._sender, to, self._public_url)
        except ValueError as error:
            raise Refused(f"no letter can be written to this address: {error}") from error
        await self.gate.ask(lambda: self._deliver(message))

    async def _deliver(self, message: EmailMessage) -> None:
        try:
            await hand_over(self._url, message)
        except aiosmtplib.SMTPRecipientsRefused as error:
            first = error.recipients[0]
            if first.code in NO_SUCH_BOX:
                raise Gone(f"the mailbox is refused: {first.code}") from error
            raise ConnectionError(f"the mailbox is not taken now: {first.code}") from error
        except aiosmtplib.SMTPResponseException as error:
            if error.code >= 500 and not isinstance(error, aiosmtplib.SMTPAuthenticationError):
                raise Refused(f"the mail server refuses it: {error.code}") from error
            raise ConnectionError(f"the mail server does not take it now: {error.code}") from error
