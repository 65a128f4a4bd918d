"""Whether everything that was said was stored once and shown once to everybody, in one order, and counted right."""

from collections.abc import Mapping, Sequence

import msgspec

from bench.chat_chaos.talker import Member, Seen, Tale
from client.wire import Message

Log = Sequence[Message]  # the stored items of a room, ascending, each with its offset


class Verdict(msgspec.Struct):
    """Counts; everything under `wrong` should be 0."""

    acked: int = 0
    stored: int = 0
    shown: int = 0
    wrong: dict[str, int] = {}

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return not any(self.wrong.values())


def recount(log: Log, member: Member, read: int) -> int:
    """How many messages of other people have a number above `read`."""
    others = {
        item["number"] for item in log
        if item["sender_role"] != "system" and (item["sender"], item["sender_role"]) != member
    }
    return len([number for number in others if number > read])


def judge(
    tales: Sequence[Tale], logs: Mapping[str, Log], reads: Mapping[tuple[str, str], int],
    counted: Mapping[tuple[str, Member], int],
) -> Verdict:
    """`reads`: marks in the database by (room, user); `counted`: the unread counts the service tells each member."""
    said = {room: [item for item in log if item["sender_role"] != "system"] for room, log in logs.items()}
    acked: dict[str, dict[str, Message]] = {room: {} for room in logs}
    for tale in tales:
        acked[tale.room].update({ack["message_id"]: ack for ack in tale.acks.values()})
    verdict = Verdict(
        acked=sum(len(tale.acks) for tale in tales), stored=sum(map(len, said.values())),
        shown=sum(len(tale.seen) for tale in tales),
    )
    verdict.wrong = {
        "acknowledged and not stored": sum(len(acked[room].keys() - _ids(said[room])) for room in logs),
        "stored and never acknowledged": sum(len(_ids(said[room]) - acked[room].keys()) for room in logs),
        "stored twice": sum(len(items) - len(_ids(items)) for items in said.values()),
        "offsets or numbers that do not follow": sum(not _follows(log) for log in logs.values()),
        "acks that name another place": sum(_misplaced(log, acked[room]) for room, log in logs.items()),
        "devices that were shown something else": sum(_expected(logs[tale.room]) != tale.seen for tale in tales),
        "refused for good": sum(len(tale.refused) for tale in tales),
        "unread counts that a recount denies": sum(
            recount(logs[room], member, reads.get((room, member.sub), 0)) != count
            for (room, member), count in counted.items()
        ),
    }
    return verdict


def _ids(items: Log) -> set[str]:
    return {item["message_id"] for item in items}


def _expected(log: Log) -> list[Seen]:
    return [Seen(item["offset"], item["message_id"]) for item in log]


def _follows(log: Log) -> bool:
    places = list(range(1, len(log) + 1))
    return places == [item["offset"] for item in log] == [item["number"] for item in log]


def _misplaced(log: Log, acked: Mapping[str, Message]) -> int:
    return sum(
        (acked[item["message_id"]]["offset"], acked[item["message_id"]]["number"]) != (item["offset"], item["number"])
        for item in log if item["message_id"] in acked
    )
