"""Every endpoint, called as every role on its own things and on others', lets in whom the table says, nobody else."""

from collections.abc import AsyncIterator

import msgspec
import pytest
from litestar.routes import HTTPRoute

from api.matrix.endpoint import ROLES, is_let_in
from api.matrix.endpoints import ENDPOINTS
from api.rights import Role
from api.routing import application, face
from infra.settings import Settings
from tests.api.matrix.calls import CALLS, Maker, plain
from tests.api.matrix.scene import Call, Scene
from tests.api.serving import serving

pytestmark = pytest.mark.long

NO_RIGHT = {"no_token", "forbidden"}
HIDDEN = NO_RIGHT | {"bad_token", "not_found"}  # a stranger to a thing hears that there is none
NOT_OURS = ("GET /schema", "GET /schema/openapi.json", "GET /schema/{path}")
CALLERS: tuple[Role | None, ...] = (None, *ROLES)


def routes() -> set[str]:
    """Every endpoint the service has, pages and files apart."""
    found = set()
    for route in application(face(Settings())).routes:
        if isinstance(route, HTTPRoute):
            for handler in route.route_handlers:
                if handler.include_in_schema is not False:
                    found |= {f"{method} {route.path_format}" for method in handler.http_methods}
    return {each for each in found if each.split()[0] not in ("HEAD", "OPTIONS")} - set(NOT_OURS)


def test_every_route_is_in_the_table() -> None:
    """A new route without a row in api/matrix/endpoints.py fails here, and so does a row without a route."""
    new, gone = sorted(routes() - set(ENDPOINTS)), sorted(set(ENDPOINTS) - routes())
    assert [] == new, f"say in api/matrix/endpoints.py who may call these, then run script/docs: {new}"
    assert [] == gone, f"these routes are gone; take them out of api/matrix/endpoints.py: {gone}"


def test_every_route_that_needs_something_can_be_called() -> None:
    """What has a path to fill or a body to send has a way to be called in tests/api/matrix/calls.py."""
    missing = sorted(name for name in ENDPOINTS if "{" in name and name not in CALLS)
    assert [] == missing, f"say in tests/api/matrix/calls.py how to call these: {missing}"
    assert set() == set(CALLS) - set(ENDPOINTS)


@pytest.fixture
async def scene(settings: Settings, database: object) -> AsyncIterator[Scene]:
    """A service without limits, and things in it."""
    free = msgspec.structs.replace(
        settings, rate_limit_per_minute=0, rate_limit_staff_per_minute=0, rate_limit_address_per_minute=0
    )
    async with serving(free) as service:
        scene = Scene(service)
        await scene.begin()
        yield scene


@pytest.mark.timeout(600)
async def test_who_gets_in_is_whom_the_table_says(scene: Scene) -> None:
    """Some fifteen hundred calls. A caller is let in when neither the door nor a right turned them away."""
    wrong = []
    for name, endpoint in ENDPOINTS.items():
        maker: Maker = CALLS.get(name, plain())
        for role in CALLERS:
            for own in (True, False) if endpoint.door == "thing" else (True,):
                call: Call = await maker(scene, role, own)
                answer = await scene.ask(name, role, call)
                refused = HIDDEN if endpoint.door == "thing" and endpoint.thing != "everything" else NO_RIGHT
                got_in = answer.status_code < 400 or answer.json().get("code") not in refused
                if got_in is not is_let_in(endpoint, role, own=own) or answer.status_code >= 500:
                    wrong.append(f"{name} by {role or 'nobody'}, {'own' if own else 'not own'}: {answer.status_code}")
    assert [] == wrong, "\n".join(wrong)
