"""How well it is, over HTTP, for whoever runs the service.

`/health`: alive, no questions asked. `/health/ready`: may get traffic. `/health/detailed`: everything, and
`/health/services/{name}` one thing. `/metrics`: all numbers.
"""

from typing import Annotated

import msgspec
from litestar import MediaType, Response, Router, get
from litestar.datastructures import State
from litestar.params import PathParameter

from api.errors import Refusal
from api.health import OPEN, Alive, Health, Report, serves
from infra.metrics import MEDIA_TYPE


def _answer(body: msgspec.Struct, is_well: bool) -> Response[msgspec.Struct]:
    return Response(body, status_code=200 if is_well else 503, headers={} if is_well else {"Retry-After": "2"})


@get("/", summary="Alive", security=OPEN)
async def alive(state: State) -> Alive:
    """200 as long as this process answers; asks nobody."""
    return Alive("draining" if state.health.is_draining else "ok")


@get("/ready", summary="May get traffic", security=OPEN)
async def ready(state: State) -> Response[msgspec.Struct]:
    """200 when everything needed is up, else 503."""
    report: Report = await state.health.report()
    is_well = serves(report)
    return _answer(Alive("ok" if is_well else "draining" if report.status == "draining" else "not_ready"), is_well)


@get("/detailed", summary="Every component", security=OPEN)
async def detailed(state: State) -> Response[msgspec.Struct]:
    """All components with their state and how fast they answered; 503 when a needed one is down."""
    report: Report = await state.health.report()
    return _answer(report, serves(report))


@get("/services/{name:str}", summary="One component", security=OPEN)
async def service(state: State, name: Annotated[str, PathParameter()]) -> Response[msgspec.Struct]:
    """One component; 404 for one we do not have, 503 while it is down."""
    health: Health = state.health
    check = health.checks.get(name)
    if check is None:
        raise Refusal("not_found", f"There is no component {name}; there are {', '.join(health.checks)}.")
    component = await health.ask(check)
    return _answer(component, component.status != "down")


@get("/metrics", summary="Prometheus metrics", media_type=MediaType.TEXT, security=OPEN, tags=["operations"])
async def metrics(state: State) -> Response[bytes]:
    """All numbers in Prometheus' text format."""
    return Response(state.metrics.render(), media_type=MEDIA_TYPE)


router = Router("/health", route_handlers=[alive, ready, detailed, service], tags=["operations"])
