"""Handing a letter to a mail server: `smtp://`, `smtp+starttls://` or `smtps://`, with user and password in the URL."""

from email.message import EmailMessage
from urllib.parse import SplitResult, unquote

import aiosmtplib

PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
TIMEOUT_S = 10.0


async def hand_over(url: SplitResult, message: EmailMessage) -> None:
    """Returns when the server took it; raises aiosmtplib's exceptions."""
    await aiosmtplib.send(
        message, hostname=url.hostname, port=url.port or PORTS.get(url.scheme, 25), timeout=TIMEOUT_S,
        username=unquote(url.username) if url.username else None,
        password=unquote(url.password) if url.password else None,
        use_tls=url.scheme == "smtps", start_tls=url.scheme == "smtp+starttls",
    )
