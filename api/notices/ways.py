"""Which ways out the settings open, each behind its gate."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec

from infra.settings import BadSetting, Settings
from notifications.decider import Way
from notifications.notice import Outside
from notifications.ways.addresses import Allowed
from notifications.ways.egress import Egress, open_client
from notifications.ways.gate import Gate
from notifications.ways.mail import Mail
from notifications.ways.sms import Sms
from notifications.ways.vapid import BadKey, read_private
from notifications.ways.webpush import WebPush

PER_S: dict[Outside, float] = {"push": 100.0, "email": 20.0, "sms": 10.0}
TIMEOUT_S: dict[Outside, float] = {"push": 6.0, "email": 12.0, "sms": 6.0}


class Ways(msgspec.Struct, frozen=True):
    """`by_channel`: those that are set up. `egress` asks addresses that others named."""

    egress: Egress
    by_channel: dict[Outside, Way]
    push_key: str = ""

    @property
    def gates(self) -> dict[str, Gate]:
        """Each way's, by channel."""
        return {channel: way.gate for channel, way in self.by_channel.items()}


@asynccontextmanager
async def open_ways(settings: Settings) -> AsyncIterator[Ways]:
    """All of them; raises BadSetting for a key that is none."""
    async with open_client() as client:
        egress = Egress(client, Allowed(settings.outbound_allow))
        found: dict[Outside, Way] = {}
        push_key = ""
        if settings.vapid_private_key:
            try:
                key = read_private(settings.vapid_private_key)
            except BadKey as error:
                raise BadSetting(f"VAPID_PRIVATE_KEY: {error}; make one with `ridewire vapid`") from error
            push = WebPush(egress, _gate("push"), key, settings.vapid_subject)
            found["push"], push_key = push, push.public_key
        if settings.smtp_url:
            found["email"] = Mail(_gate("email"), settings.smtp_url, settings.mail_from, settings.public_url)
        if settings.sms_url:
            found["sms"] = Sms(client, _gate("sms"), settings.sms_url, settings.sms_token)
        yield Ways(egress, found, push_key)


def _gate(channel: Outside) -> Gate:
    return Gate(channel, timeout_s=TIMEOUT_S[channel], per_s=PER_S[channel])
