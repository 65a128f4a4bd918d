"""An e-mail of a notification, as text and as HTML. Pure. What people wrote stands in it as text only."""

from email.message import EmailMessage
from email.utils import formatdate
from html import escape
from typing import Any
from urllib.parse import quote

from notifications.notice import Notice

PAGES = {"vendor": "/vendor", "rider": "/ride", "dispatcher": "/dispatch", "admin": "/dispatch"}
TEXT = """{title}

{body}
{link}
--
You get this because of an order or conversation of yours. Choose what you hear: {choices}
"""
HTML = """<!doctype html><html lang="en">
<body style="font-family:sans-serif;max-width:34em;margin:2em auto;color:#1c2733">
<h1 style="font-size:1.25em">{title}</h1><p style="white-space:pre-line">{body}</p>{link}
<hr style="border:0;border-top:1px solid #d5dce3"><p style="font-size:.85em;color:#5a6773">You get this because of an
order or conversation of yours. <a href="{choices}">Choose what you hear</a>.</p></body></html>
"""


def letter(notice: Notice, sender: str, to: str, public_url: str) -> EmailMessage:
    """The message. Its id is the notification's, so that a mailbox shows one that was sent twice once."""
    message = EmailMessage()
    title = " ".join(notice.title.split())
    message["Subject"], message["From"], message["To"] = title, sender, to
    message["Message-ID"] = f"<{notice.id}@{domain_of(sender)}>"
    message["Date"] = formatdate(notice.created_ms / 1000)
    message["Auto-Submitted"] = "auto-generated"
    choices = f"{public_url}/preferences"
    if public_url:
        message["List-Unsubscribe"] = f"<{choices}>"
    link = link_of(notice, public_url)
    message.set_content(TEXT.format(title=title, body=notice.body, link=link and f"\n{link}\n", choices=choices))
    anchor = f'<p><a href="{escape(link)}">Look at it</a></p>' if link else ""
    message.add_alternative(
        HTML.format(title=escape(title), body=escape(notice.body), link=anchor, choices=escape(choices)), subtype="html"
    )
    return message


def link_of(notice: Notice, public_url: str) -> str:
    """Where the notification leads, as `linkOf` in web/src/notices/model.js has it; empty when nowhere."""
    path = _path_of(notice.data, notice.role)
    return public_url + path if public_url and path else ""


def _path_of(data: dict[str, Any], role: str) -> str:
    """Its room, its order on the customer's map, else the page on which its role works."""
    room, order = data.get("room"), data.get("order")
    if isinstance(room, str):
        return f"/chat/{quote(room, safe='')}"
    if isinstance(order, str) and role == "customer":
        return f"/track#order={quote(order, safe='')}"
    return PAGES.get(role, "") if order or data.get("product") else ""


def domain_of(sender: str) -> str:
    """The domain of `Name <box@domain>` or `box@domain`."""
    return sender.rpartition("@")[2].rstrip("> ") or "localhost"
