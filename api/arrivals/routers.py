"""Who is asked for ways: the server at ROUTING_URL first, then our own streets, behind a breaker each."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from api.planning.travel import Travel
from city.routing.chain import Chain
from city.routing.server import Server
from city.routing.streets import Streets
from city.routing.way import Router


def chain_of(server: Server | None, travel: Travel) -> Chain:
    """Those that are set up, as one."""
    routers: list[Router] = [*([server] if server else []), *([Streets(travel.streets)] if travel.is_set_up else [])]
    return Chain(routers)


@asynccontextmanager
async def open_routers(routing_url: str, travel: Travel) -> AsyncIterator[Chain]:
    """All of them as one; without a server and without streets it knows no way."""
    server = Server(routing_url) if routing_url else None
    try:
        yield chain_of(server, travel)
    finally:
        if server is not None:
            await server.close()
