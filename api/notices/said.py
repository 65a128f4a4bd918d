"""Who may have to be told of what was just said in rooms: everybody in them who did not say it. Pure.

A notice says who by role and how many. Words and names stay in the room: what its writer takes back, or erases, then
stands in nobody's notifications, e-mails and lock screens.
"""

from collections.abc import Mapping, Sequence

from chat.messages import Stored
from chat.room import Room
from notifications.digest import Said


def said_of(stored: Sequence[Stored], rooms: Mapping[str, Room | None]) -> list[Said]:
    """For each reader of a room its newest message of somebody else; edits and the service's own words tell nobody."""
    found: dict[tuple[str, str, str], Said] = {}
    for each in stored:
        item, room = each.item, rooms.get(each.room)
        if room is None or item.get("type") != "chat.message" or "edited" in item or "deleted" in item:
            continue
        if item["sender_role"] == "system":
            continue
        for member in room.members:
            if (member.user, member.role) == (item["sender"], item["sender_role"]) or member.user in room.muted:
                continue
            found[room.id, member.role, member.user] = Said(
                room=room.id, message=each.message_id, user=member.user, role=member.role,
                sender_id=item["sender"], sender_role=item["sender_role"],
            )
    return list(found.values())
