"""What requests and answers about browsers and contacts look like."""

from typing import Annotated

import msgspec

from api.orders.shapes import Body

Url = Annotated[str, msgspec.Meta(min_length=8, max_length=2000, examples=["https://push.example/send/abc"])]
P256DH = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
Key = Annotated[str, msgspec.Meta(min_length=80, max_length=100, examples=[P256DH])]
Auth = Annotated[str, msgspec.Meta(min_length=20, max_length=30, examples=["BTBZMqHH6r4Tts7J_aSIgg"])]


class BrowserKeys(Body, frozen=True):
    """What a push is encrypted with, in base64url."""

    p256dh: Key
    auth: Auth


class Subscribe(Body, frozen=True, rename="camel"):
    """A browser's `PushSubscription.toJSON()`."""

    endpoint: Url
    keys: BrowserKeys
    expiration_time: int | None = None


class BrowserView(msgspec.Struct, frozen=True):
    """A browser that gets pushes. The endpoint is not told again: whoever knows it could send to it."""

    id: str
    service: str


class Browsers(msgspec.Struct, frozen=True):
    """A person's browsers, newest first."""

    items: list[BrowserView]


class PushKey(msgspec.Struct, frozen=True):
    """What a page subscribes with; null where Web Push is not set up."""

    public_key: str | None


class ContactBody(Body, frozen=True):
    """Where somebody can be reached besides; null: nowhere."""

    email: Annotated[
        str, msgspec.Meta(max_length=254, pattern=r"^[^@\s<>,;\"]+@[^@\s<>,;\"]+$", examples=["ana@example.com"])
    ] | None = None
    phone: Annotated[str, msgspec.Meta(pattern=r"^\+[1-9]\d{6,14}$", examples=["+639171234567"])] | None = None
