"""What a client may say about notifications, beside the commands in commands.py."""

from typing import Annotated

import msgspec

from api.socket.chat_commands import Id
from notifications.notice import AckState

NoticeId = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class NotificationAck(
    msgspec.Struct, frozen=True, tag_field="type", tag="notification.ack", forbid_unknown_fields=True
):
    """These notifications arrived here, were seen, read or dismissed.

    `delivered` within 4 s of a notification keeps it from being sent by push, e-mail or SMS as well; `read` and
    `dismissed` count for all devices of the person. Ids of others change nothing.
    """

    id: Id
    ids: Annotated[list[NoticeId], msgspec.Meta(min_length=1, max_length=200)]
    state: AckState
