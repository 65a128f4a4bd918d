"""Text messages through a gateway that takes JSON: POST {id, to, text}, a bearer token, and an Idempotency-Key.

The gateway's address is the operator's own setting, so it may be anywhere; a redirect is not followed all the same.
"""

import httpx
import msgspec

from notifications.notice import Notice
from notifications.ways.gate import Gate
from notifications.ways.outcome import Gone, Refused, judge

MOST_LETTERS = 320
TIMEOUT_S = 5.0


class Sms:
    """`url` is the gateway's, `token` what it knows us by."""

    name = "sms"

    def __init__(self, client: httpx.AsyncClient, gate: Gate, url: str, token: str) -> None:
        self._client, self.gate, self._url, self._token = client, gate, url, token

    async def send(self, notice: Notice, to: str) -> None:
        """Give it to the gateway; raises Refused, Busy, or what may pass."""
        text = f"{notice.title}. {notice.body}"[:MOST_LETTERS]
        headers = {"Content-Type": "application/json", "Idempotency-Key": notice.id}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"

        async def ask() -> None:
            body = msgspec.json.encode({"id": notice.id, "to": to, "text": text})
            async with self._client.stream("POST", self._url, content=body, headers=headers) as answer:
                status, again = answer.status_code, answer.headers.get("retry-after")
            try:
                judge(status, "", again)
            except Gone as error:  # the gateway's own address is wrong, not the person's
                raise Refused(str(error)) from error

        await self.gate.ask(ask)
