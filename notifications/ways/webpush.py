"""Web Push: encrypted for the browser (RFC 8291), signed by us (RFC 8292), and given to the browser's push service.

The push service cannot read it, keeps it until it expires, and keeps only the newest of a topic.
"""

import hashlib
import time
from typing import Any

import http_ece
import msgspec
from cryptography.hazmat.primitives.asymmetric import ec

from notifications.notice import Notice, Priority
from notifications.ways.egress import Egress
from notifications.ways.gate import Gate
from notifications.ways.outcome import judge
from notifications.ways.vapid import CURVE, authorization, b64, public_bytes, unb64

MOST_BYTES = 3000  # push services take 4096 with the encryption around it
URGENCY: dict[Priority, str] = {"low": "low", "normal": "normal", "high": "high", "critical": "high"}


class Subscription(msgspec.Struct, frozen=True):
    """One browser's way in."""

    id: str
    endpoint: str
    p256dh: str
    auth: str


class WebPush:
    """`key`: the private VAPID key; `subject`: how the push service can reach whoever runs this."""

    name = "push"

    def __init__(self, egress: Egress, gate: Gate, key: ec.EllipticCurvePrivateKey, subject: str) -> None:
        self._egress, self.gate, self._key, self._subject = egress, gate, key, subject

    @property
    def public_key(self) -> str:
        """What a page needs to subscribe."""
        return b64(public_bytes(self._key))

    async def send(self, notice: Notice, to: Subscription) -> None:
        """Give it to the push service; raises Refused, Gone, Busy, or what may pass."""
        now_s = int(time.time())
        body = encrypt(payload(notice), to)
        headers = {
            "Authorization": authorization(self._key, to.endpoint, self._subject, now_s),
            "Content-Encoding": "aes128gcm", "Content-Type": "application/octet-stream",
            "TTL": str(max(0, notice.expires_ms // 1000 - now_s)), "Urgency": URGENCY[notice.priority],
        }
        if notice.collapse is not None:
            headers["Topic"] = topic(notice.collapse)

        async def ask() -> None:
            answer = await self._egress.post(to.endpoint, body, headers)
            judge(answer.status, answer.said, answer.retry_after)

        await self.gate.ask(ask)


def payload(notice: Notice) -> bytes:
    """What the page's service worker shows. A body that is too long is cut."""
    shown: dict[str, Any] = {
        "notification_id": notice.id, "kind": notice.kind, "title": notice.title, "body": notice.body[:1000],
        "data": notice.data, "role": notice.role, "collapse": notice.collapse, "expires": notice.expires_ms,
        "priority": notice.priority,
    }
    packed = msgspec.json.encode(shown)
    return packed if len(packed) <= MOST_BYTES else msgspec.json.encode(shown | {"body": "", "data": {}})


def encrypt(plain: bytes, to: Subscription) -> bytes:
    """So that only this browser can read it; a fresh key each time."""
    sealed: bytes = http_ece.encrypt(
        plain, private_key=ec.generate_private_key(CURVE), dh=unb64(to.p256dh), auth_secret=unb64(to.auth),
        version="aes128gcm",
    )
    return sealed


def topic(collapse: str) -> str:
    """A subject as the name of a topic: 22 letters that tell the push service nothing."""
    return b64(hashlib.blake2b(collapse.encode(), digest_size=16).digest())
