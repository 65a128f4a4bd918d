"""What a client may say about rooms, beside the commands in commands.py."""

from typing import Annotated

import msgspec

MOST_ID = 2**53 - 1  # what JavaScript counts exactly
Id = Annotated[int, msgspec.Meta(ge=0, le=MOST_ID)]
RoomId = Annotated[str, msgspec.Meta(min_length=1, max_length=190)]
ClientId = Annotated[str, msgspec.Meta(pattern="^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$")]
MessageId = Annotated[str, msgspec.Meta(pattern="^m[a-z2-7]{32}$")]
Text = Annotated[str, msgspec.Meta(
    max_length=20_000, description="1 to 4000 characters, 16000 bytes; may be empty beside attachments"
)]
AttachmentId = Annotated[str, msgspec.Meta(pattern="^a[0-9a-f]{32}$")]
Number = Annotated[int, msgspec.Meta(ge=0, le=MOST_ID)]


class ChatCommand(msgspec.Struct, frozen=True, tag_field="type", forbid_unknown_fields=True, gc=False):
    """A request about a room."""

    id: Id
    room: RoomId


class ChatSend(ChatCommand, frozen=True, tag="chat.send"):
    """A message. `client_id` is a UUID of the client's choosing, kept over retries: it is stored once."""

    client_id: ClientId
    text: Text
    reply_to: MessageId | None = None
    attachments: Annotated[list[AttachmentId], msgspec.Meta(max_length=10)] = []


class ChatChange(ChatCommand, frozen=True, tag="chat.edit"):
    """Another text for a message of one's own."""

    message_id: MessageId
    text: Text


class ChatDelete(ChatCommand, frozen=True, tag="chat.delete"):
    """Take a message of one's own away."""

    message_id: MessageId


class ChatMark(ChatCommand, frozen=True, tag="chat.mark"):
    """Messages up to these numbers were delivered, or read. Moves forward only; answered only when refused."""

    delivered: Number | None = None
    read: Number | None = None


class ChatTyping(ChatCommand, frozen=True, tag="chat.typing"):
    """One types, or no longer does; to be repeated, for it expires after 6 s. Answered only when refused."""

    on: bool = True


class ChatReport(ChatCommand, frozen=True, tag="chat.report"):
    """Show a message, and what stands around it, to an admin."""

    message_id: MessageId
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]


class ChatBlock(ChatCommand, frozen=True, tag="chat.block"):
    """Hear no more from another member of a shop's room; with `on: false`, again."""

    user: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
    reason: Annotated[str, msgspec.Meta(max_length=1000)] = ""
    on: bool = True


Chat = ChatSend | ChatChange | ChatDelete | ChatMark | ChatTyping | ChatReport | ChatBlock
