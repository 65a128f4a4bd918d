"""How people can be reached: browsers subscribe themselves; addresses are set by whoever runs the marketplace."""

from typing import Annotated
from urllib.parse import urlsplit

from litestar import Router, delete, get, post, put
from litestar.datastructures import State
from litestar.params import JSONBody, PathParameter

from api.bearer import Caller
from api.bodies import SMALL_BODY_BYTES, json_only
from api.errors import Refusal
from api.notices.reach_shapes import Browsers, BrowserView, ContactBody, PushKey, Subscribe
from api.notices.routes import check_person
from api.problems import described
from api.rights import Everything, may
from notifications.book import Book, Contact
from notifications.ways.egress import Egress, Forbidden
from notifications.ways.vapid import BadKey, check_browser_keys
from notifications.ways.webpush import Subscription


def view(browser: Subscription) -> BrowserView:
    """The browser as its person sees it."""
    return BrowserView(browser.id, urlsplit(browser.endpoint).hostname or "")


async def check_url(egress: Egress, url: str, field: str) -> None:
    """Raises Refusal for an address that we would not ask."""
    try:
        await egress.check(url)
    except Forbidden as error:
        raise Refusal("bad_request", f"{error}.", field) from error
    except (ConnectionError, TimeoutError) as error:
        raise Refusal("bad_request", "This host has no address just now.", field) from error


@get("/key", summary="What a page subscribes with")
async def key(actor: Caller, state: State) -> PushKey:
    """The server's public key, for `PushManager.subscribe`."""
    check_person(actor)
    return PushKey(state.push_key or None)


@post("/subscriptions", summary="Send pushes to this browser", status_code=201, responses=described())
async def subscribe(actor: Caller, state: State, data: JSONBody[Subscribe]) -> BrowserView:
    """A browser belongs to whoever subscribed it last; doing it again changes nothing."""
    check_person(actor)
    try:
        check_browser_keys(data.keys.p256dh, data.keys.auth)
    except BadKey as error:
        raise Refusal("bad_request", f"{error}.", "keys") from error
    await check_url(state.egress, data.endpoint, "endpoint")
    book: Book = state.book
    return view(await book.subscribe(actor.sub, data.endpoint, data.keys.p256dh, data.keys.auth))


@get("/subscriptions", summary="My browsers")
async def browsers(actor: Caller, state: State) -> Browsers:
    """Those that get pushes, newest first."""
    check_person(actor)
    book: Book = state.book
    return Browsers([view(browser) for browser in await book.subscriptions(actor.sub)])


@delete("/subscriptions/{browser_id:str}", summary="Send no more pushes to a browser", responses=described(404))
async def unsubscribe(
    actor: Caller, state: State, browser_id: Annotated[str, PathParameter(max_length=64)]
) -> None:
    """One of one's own."""
    check_person(actor)
    book: Book = state.book
    if not await book.unsubscribe(actor.sub, browser_id):
        raise Refusal("not_found", "You have no such browser.")


@put("/{sub:str}", summary="Set where somebody can be reached", status_code=204, responses=described(403))
async def put_contact(
    actor: Caller, state: State, sub: Annotated[str, PathParameter(max_length=128)], data: JSONBody[ContactBody]
) -> None:
    """For admins: an address that nobody proved must not be set by whoever likes to. Replaces what was set before."""
    if not may(actor, "contacts.edit", Everything()):
        raise Refusal("forbidden", "Contacts are set by admins.")
    book: Book = state.book
    await book.put_contact(sub, Contact(data.email or "", data.phone or ""))


push_router = Router(
    "/api/push", tags=["notifications"], guards=[json_only], request_max_body_size=SMALL_BODY_BYTES,
    route_handlers=[key, subscribe, browsers, unsubscribe],
)
contact_router = Router(
    "/api/contacts", tags=["notifications"], guards=[json_only], request_max_body_size=SMALL_BODY_BYTES,
    route_handlers=[put_contact],
)
