"""The post by SMTP."""

from email.message import EmailMessage
from urllib.parse import urlsplit

from api.accounts.mail import Letter
from notifications.ways.smtp import hand_over


class SmtpPost:
    """`url` says the server, `sender` who writes."""

    is_on = True

    def __init__(self, url: str, sender: str) -> None:
        self._url, self._sender = urlsplit(url), sender

    async def send(self, letter: Letter) -> None:
        """Hand it to the mail server; raises what stands in the way."""
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self._sender, letter.to, letter.subject
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.text)
        await hand_over(self._url, message)
