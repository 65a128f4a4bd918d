"""What all messages of the server are made with."""

from typing import Annotated

import msgspec

Instant = Annotated[int, msgspec.Meta(description="epoch milliseconds, UTC")]
Offset = Annotated[int, msgspec.Meta(ge=0, description="place in the channel's log: 1, 2, 3 …")]
Latitude = Annotated[float, msgspec.Meta(ge=-90, le=90, description="degrees, WGS-84")]
Longitude = Annotated[float, msgspec.Meta(ge=-180, le=180, description="degrees, WGS-84")]


class Said(msgspec.Struct, tag_field="type", forbid_unknown_fields=True):
    """What a server's message has in common: its type."""
