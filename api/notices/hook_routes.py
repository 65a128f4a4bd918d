"""Webhook endpoints and what was delivered to them, for admins: the marketplace's own programs."""

import secrets
import time
from datetime import UTC, datetime
from typing import Annotated

from litestar import Router, delete, get, patch, post
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody, PathParameter, QueryParameter

from api.bearer import Caller
from api.bodies import SMALL_BODY_BYTES, json_only
from api.errors import Refusal
from api.notices.hook_shapes import (
    Deliveries,
    HookChange,
    Hooks,
    HookView,
    NewHook,
    Replayed,
    Secret,
    hook_view,
    page_of,
)
from api.notices.reach_routes import check_url
from api.notices.routes import After, cursor
from api.problems import described
from api.rights import Everything, may
from notifications.hooks.signing import SECRET_BYTES, write_secret
from notifications.hooks.store import MOST_HOOKS, MOST_SECRETS, Hook, HookStore, Row

Store = NamedDependency[HookStore]
HookId = Annotated[str, PathParameter(max_length=64)]
Limit = Annotated[int, QueryParameter(ge=1, le=200)]


async def provide_hooks(state: State, actor: Caller) -> HookStore:
    """The dependency `hooks`; raises Refusal for everybody but admins."""
    if not may(actor, "webhooks.edit", Everything()):
        raise Refusal("forbidden", "Webhooks are for admins.")
    hooks: HookStore = state.hooks
    return hooks


def _found(hook: Hook | None) -> Hook:
    if hook is None:
        raise Refusal("not_found", "There is no such webhook.")
    return hook


@post("/", summary="Have events delivered", status_code=201, responses=described(403, 409))
async def add(hooks: Store, state: State, data: JSONBody[NewHook]) -> HookView:
    """The secret in the answer is told this once; deliveries are signed with it as Standard Webhooks has it."""
    await check_url(state.egress, data.url, "url")
    secret = write_secret(secrets.token_bytes(SECRET_BYTES))
    hook = Hook(
        id=f"w{secrets.token_hex(10)}", url=data.url, events=tuple(data.events), secrets=(secret,), is_on=True,
        created_at=datetime.now(UTC),
    )
    if not await hooks.add(hook):
        raise Refusal("too_large", f"There are {MOST_HOOKS} webhooks already; remove one first.")
    return hook_view(hook, secret)


@get("/", summary="All webhooks", responses=described(403))
async def listed(hooks: Store) -> Hooks:
    """Oldest first, without their secrets."""
    return Hooks([hook_view(hook) for hook in await hooks.all()])


@get("/{hook_id:str}", summary="One webhook", responses=described(403, 404))
async def read(hooks: Store, hook_id: HookId) -> HookView:
    """Without its secret."""
    return hook_view(_found(await hooks.get(hook_id)))


@patch("/{hook_id:str}", summary="Change a webhook", responses=described(403, 404))
async def change(hooks: Store, state: State, hook_id: HookId, data: JSONBody[HookChange]) -> HookView:
    """Switched off, it gets nothing, and what still waits for it is dead."""
    if data.url is not None:
        await check_url(state.egress, data.url, "url")
    given: Row = {"url": data.url, "events": data.events, "is_on": data.is_on}
    fields = {name: value for name, value in given.items() if value is not None}
    return hook_view(_found(await hooks.change(hook_id, fields) if fields else await hooks.get(hook_id)))


@post("/{hook_id:str}/secret", summary="Change a webhook's secret", status_code=200, responses=described(403, 404))
async def change_secret(hooks: Store, hook_id: HookId) -> Secret:
    """Told this once. The one before signs as well until the next change, so receivers can change when they like."""
    hook = _found(await hooks.get(hook_id))
    secret = write_secret(secrets.token_bytes(SECRET_BYTES))
    _found(await hooks.change(hook_id, {"secrets": [secret, *hook.secrets][:MOST_SECRETS]}))
    return Secret(secret)


@delete("/{hook_id:str}", summary="Remove a webhook", responses=described(403, 404))
async def remove(hooks: Store, hook_id: HookId) -> None:
    """What still waits for it is forgotten."""
    if not await hooks.remove(hook_id):
        raise Refusal("not_found", "There is no such webhook.")


@get("/{hook_id:str}/deliveries", summary="What was delivered, or not", responses=described(403))
async def deliveries(hooks: Store, hook_id: HookId, after: After = None, limit: Limit = 50) -> Deliveries:
    """Newest first, of the last thirty days, each with its last tries."""
    return page_of(await hooks.page({"hook": hook_id}, cursor(after), limit + 1), limit)


@get("/dead", summary="What could not be delivered", responses=described(403))
async def dead(hooks: Store, after: After = None, limit: Limit = 50) -> Deliveries:
    """Of all webhooks, newest first: tried for some three days, or refused for good."""
    return page_of(await hooks.page({"state": "dead"}, cursor(after), limit + 1), limit)


@post("/{hook_id:str}/replay", summary="Deliver all that is dead again", status_code=200, responses=described(403))
async def replay_all(hooks: Store, hook_id: HookId) -> Replayed:
    """Of one webhook, from the first try on."""
    return Replayed(await hooks.replay({"hook": hook_id, "state": "dead"}, _now_ms()))


@post(
    "/deliveries/{delivery_id:str}/replay", summary="Deliver one again", status_code=200, responses=described(403, 404)
)
async def replay(hooks: Store, delivery_id: Annotated[str, PathParameter(max_length=120)]) -> Replayed:
    """Dead or delivered; the receiver knows it by the same `webhook-id`."""
    count = await hooks.replay({"_id": delivery_id}, _now_ms())
    if not count:
        raise Refusal("not_found", "There is no such delivery, or it waits already.")
    return Replayed(count)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


router = Router(
    "/api/webhooks", tags=["webhooks"], guards=[json_only], request_max_body_size=SMALL_BODY_BYTES,
    route_handlers=[
        add, listed, dead, read, change, change_secret, remove, deliveries, replay_all, replay,
    ],
    dependencies={"hooks": Provide(provide_hooks)},
)
