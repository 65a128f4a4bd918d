"""Every role, in every relation to a room, doing everything: what the matrix does not name is denied, on both ways in.

The matrix is written down once more here, by hand: a row of `api/rights.py` that changes by accident fails.
"""

import asyncio
import itertools
import uuid
from collections.abc import Mapping
from typing import Any, get_args

import pytest

from api.rights import Action, Actor, Role, RoomThing, may
from client.errors import RequestRefused
from client.reconnect import Ridewire
from tests.api.serving import Person, Service

ROOMS = ("shop", "order", "support")
Relation = str  # "member", "of another" (same role, another person), "namesake" (the member's name in another role)
ROLES: tuple[Role, ...] = get_args(Role)
MEMBER_OF: Mapping[str, Mapping[str, str]] = {
    "shop": {"customer": "c1", "vendor": "v1"},
    "order": {"customer": "c1", "vendor": "v1", "rider": "r1"},
    "support": {"customer": "c1", "dispatcher": "anybody", "admin": "anybody"},
}
ROOM_ACTIONS = [action for action in get_args(Action) if action.startswith("room.")]
ONLY_BETWEEN_TWO = {"room.block": {"customer", "vendor"}}


def expected(kind: str, role: str, relation: Relation, action: str) -> bool:
    """What is right: members by name and role, staff in support rooms whatever their name; blocking has fewer."""
    is_in = role in MEMBER_OF[kind] and (relation == "member" or MEMBER_OF[kind][role] == "anybody")
    return is_in and role in ONLY_BETWEEN_TWO.get(action, set(ROLES))


def name_of(kind: str, role: str, relation: Relation) -> str:
    """Who that is: the member, a stranger of that role, or somebody called like a member."""
    if relation == "of another":
        return f"other-{role}"
    if relation == "namesake":
        return next((sub for of, sub in MEMBER_OF[kind].items() if of != role and sub != "anybody"), "admin-1")
    return {"customer": "c1", "vendor": "v1", "rider": "r1"}.get(role, f"{role}-1")


CASES = [
    (kind, role, relation) for kind, role, relation in itertools.product(
        ROOMS, ROLES, ("member", "of another", "namesake")
    )
    if not (relation == "namesake" and name_of(kind, role, relation) == MEMBER_OF[kind].get(role))
]


def thing_of(kind: str) -> RoomThing:
    """The room as rights know it."""
    members = tuple((sub, role) for role, sub in MEMBER_OF[kind].items() if sub != "anybody")
    return RoomThing(members, is_support=kind == "support")


def test_the_one_function_says_what_the_matrix_says() -> None:
    """All rooms, roles, relations and actions, and an action nobody knows."""
    wrong = [
        (kind, role, relation, action)
        for (kind, role, relation), action in itertools.product(CASES, [*ROOM_ACTIONS, "room.burn"])
        if may(Actor(sub=name_of(kind, role, relation), role=role, expires_at=0), action, thing_of(kind))
        is not (expected(kind, role, relation, action) and action != "room.burn")
    ]
    assert [] == wrong


def over_http(room: str, said: str) -> dict[str, tuple[str, str, Any]]:
    """One request for each action."""
    path = f"/api/rooms/{room}"
    message = {"client_id": str(uuid.uuid4()), "text": "hello"}
    return {
        "room.read": ("GET", f"{path}/messages", None), "room.send": ("POST", f"{path}/messages", message),
        "room.mark": ("POST", f"{path}/marks", {"read": 1}), "room.mute": ("PUT", f"{path}/mute", None),
        "room.report": ("POST", f"{path}/reports", {"message_id": said, "reason": "test"}),
        "room.block": ("DELETE", f"{path}/blocks/nobody", None),
    }


def over_socket(room: str, said: str) -> dict[str, list[dict[str, Any]]]:
    """The requests for each action."""
    send = {"type": "chat.send", "room": room, "client_id": str(uuid.uuid4()), "text": "hello"}
    change = {"room": room, "message_id": said}
    return {
        "room.watch": [{"type": "subscribe", "channel": f"room:{room}"}],
        "room.read": [{"type": "history", "channel": f"room:{room}", "limit": 1}],
        "room.send": [
            send, {"type": "chat.edit", "text": "x", **change}, {"type": "chat.delete", **change},
            {"type": "chat.typing", "room": room, "on": True},
        ],
        "room.mark": [{"type": "chat.mark", "room": room, "read": 1}],
        "room.report": [{"type": "chat.report", "reason": "test", **change}],
        "room.block": [{"type": "chat.block", "room": room, "user": "nobody", "on": False}],
    }


DENIED = {"not_found", "forbidden"}
# What the room's own state refuses to somebody who may act in it: another's message, nobody of that name.
OWN_REASONS = {"Only one's own messages can be changed.", "There is no other member nobody."}


async def is_let_in(socket: Ridewire, request: dict[str, Any]) -> bool:
    """Whether the socket's request passed the door; what has no answer is followed by one that has."""
    if request["type"] in ("chat.mark", "chat.typing"):
        return await is_unanswered(socket, request)
    try:
        await socket.request(request)
    except RequestRefused as refused:
        return refused.code not in DENIED or any(reason in str(refused) for reason in OWN_REASONS)
    return True


async def is_unanswered(socket: Ridewire, request: dict[str, Any]) -> bool:
    """A request that is only answered when refused: the next answer is that of the request behind it."""
    connection = await socket.connected()
    refusal = asyncio.ensure_future(connection.request(request))
    behind = {"type": "subscribe", "channel": f"user:{socket.welcome['sub']}"}
    await asyncio.gather(connection.request(behind), return_exceptions=True)
    if not refusal.done():
        refusal.cancel()
        return True
    return not isinstance(refusal.exception(), RequestRefused)


async def rooms(service: Service) -> dict[str, tuple[str, str]]:
    """A room of each kind with a message of the customer in it: kind → (room, message)."""
    customer = service.person("customer", "c1")
    shop = (await customer.post("/api/rooms", {"vendor_id": "v1"})).json()["id"]
    support = (await customer.post("/api/rooms", {"support": True})).json()["id"]
    order = f"order_{await service.order(rider='r1')}"
    made = {}
    for kind, room in (("shop", shop), ("order", order), ("support", support)):
        body = {"client_id": str(uuid.uuid4()), "text": "first"}
        answer = await customer.post(f"/api/rooms/{room}/messages", body)
        assert 201 == answer.status_code, answer.text
        made[kind] = (room, answer.json()["message_id"])
    return made


def people(service: Service, kind: str) -> list[tuple[Role, Relation, Person]]:
    """Everybody who tries; a guest's token is a share link, which has a test of its own."""
    return [
        (role, relation, service.person(role, name_of(kind, role, relation)))
        for of, role, relation in CASES if of == kind and role != "guest"
    ]


@pytest.mark.parametrize("kind", ROOMS)
async def test_http_keeps_the_matrix(service: Service, kind: str) -> None:
    """Each person tries each action over HTTP; strangers hear 404, as if there were no room."""
    room, said = (await rooms(service))[kind]
    wrong = []
    for role, relation, person in people(service, kind):
        for action, (method, path, body) in over_http(room, said).items():
            answer = await person.http.request(method, path, **({"json": body} if body else {}))
            told = answer.json().get("detail", "") if answer.status_code >= 400 else ""
            let_in = answer.status_code < 400 or told in OWN_REASONS or answer.json()["code"] not in DENIED
            if let_in is not expected(kind, role, relation, action) and not by_kind(kind, action, answer.json()):
                wrong.append((role, relation, action, answer.status_code, told))
    assert [] == wrong


def by_kind(kind: str, action: str, answer: dict[str, Any]) -> bool:
    """Blocking is for shop rooms alone, whoever asks."""
    return action == "room.block" and kind != "shop" and answer["code"] in DENIED


@pytest.mark.parametrize("kind", ROOMS)
async def test_sockets_keep_the_matrix(service: Service, kind: str) -> None:
    """The same over the socket: subscribe, history and every chat request."""
    room, said = (await rooms(service))[kind]
    wrong = []
    for role, relation, person in people(service, kind):
        async with person.socket() as socket:
            for action, requests in over_socket(room, said).items():
                may_do = expected(kind, role, relation, action) and not (action == "room.block" and kind != "shop")
                let_in = [await is_let_in(socket, request) for request in requests]
                wrong += [(role, relation, action, n) for n, each in enumerate(let_in) if each is not may_do]
    assert [] == wrong


async def test_a_share_link_opens_no_room(service: Service) -> None:
    """A guest of the order itself is denied its room, over HTTP and over the socket."""
    room, said = (await rooms(service))["order"]
    share = await service.person("customer", "c1").post(f"/api/orders/{room.removeprefix('order_')}/share")
    guest = service.someone(share.json()["token"])
    for method, path, body in over_http(room, said).values():
        assert 404 == (await guest.http.request(method, path, **({"json": body} if body else {}))).status_code
    async with guest.socket() as socket:
        for requests in over_socket(room, said).values():
            assert [False] * len(requests) == [await is_let_in(socket, request) for request in requests]


async def test_whoever_is_removed_hears_nothing_a_second_later(service: Service, other: Service) -> None:
    """The rider is changed while others talk: the old one, in another process, gets nothing after a second."""
    order_id = await service.order(rider="r1")
    channel, room = f"room:order_{order_id}", f"order_{order_id}"
    customer, admin = service.person("customer", "c1"), service.person("admin", "a1")
    heard: list[dict[str, Any]] = []
    async with other.person("rider", "r1").socket() as rider, customer.socket() as phone:
        await rider.subscribe(channel, handler=heard.append)
        assert 200 == (await admin.post(f"/api/orders/{order_id}/assign", {"rider_id": "r2"})).status_code
        removed_s = asyncio.get_running_loop().time()
        while asyncio.get_running_loop().time() < removed_s + 1:
            text = {"client_id": str(uuid.uuid4()), "text": "within the second"}
            await phone.request({"type": "chat.send", "room": room, **text})
        late = [
            await phone.request({"type": "chat.send", "room": room, "client_id": str(uuid.uuid4()), "text": "later"})
            for _ in range(5)
        ]
        with pytest.raises(RequestRefused, match="forbidden"):
            await rider.request({"type": "history", "channel": channel})
    assert "unsubscribed" == heard[-1]["type"]
    assert set() == {push.get("message_id") for push in heard} & {ack["message_id"] for ack in late}
