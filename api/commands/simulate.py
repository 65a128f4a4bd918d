"""`ridewire simulate`: riders on streets and orders for them, against a running service."""

import asyncio
import contextlib
import sys
import time
from pathlib import Path

import click
import msgspec
import uvloop

from api.commands import options, secret
from api.simulate.journal import Journal, Life
from api.simulate.people import People
from api.simulate.play import Counts, Play
from api.simulate.town import streets
from api.tokens import issue
from city.market import Scenario
from client.errors import RidewireError
from infra.settings import load

PROGRESS_EVERY_S = 10


@click.command()
@options.url
@options.data
@click.option("--riders", type=click.IntRange(1, 5000), default=30, show_default=True)
@click.option("--orders/--no-orders", default=True, show_default=True, help="Place orders and deliver them.")
@click.option("--seconds", type=click.FloatRange(min=1), help="End after so long; else on Ctrl-C.")
@click.option("--city", type=click.Path(path_type=Path, exists=True, file_okay=False),
              help="A directory made by `ridewire city build`; else CITY_DIR, else an invented town.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same town and day.")
@options.as_json
def command(url: str, data: Path, riders: int, orders: bool, seconds: float | None, city: Path | None, seed: int,
            as_json: bool) -> None:
    """Let riders ride through a town and deliver orders, over the real socket and REST, as a marketplace would.

    Riders are rider-1 …, customers customer-1 …, shops vendor-1 …; their tokens are signed with JWT_SECRET, or with
    the secret of the demo in --data.

    \b
    Examples:
      ridewire simulate --riders 30
      ridewire simulate --riders 500 --no-orders --seconds 60 --json
      ridewire simulate --city .data/porto --url https://staging.example

    Exit codes: 0 ended as asked and no order was lost · 1 something failed · 2 wrong usage or settings.
    """
    trust = secret.trust(data)
    options.must_answer(url)
    people = People(url, lambda sub, role, ttl_s: issue(trust, sub, role, ttl_s, now=time.time()))
    scenario = Scenario(streets(str(city or load().city_dir)), riders=riders, seed=seed)
    counts = Counts()
    try:
        counts = uvloop.run(_play(people, scenario, orders, seconds))
    except* (RidewireError, OSError) as errors:
        click.echo(f"ridewire: {errors.exceptions[0]}", err=True)
        sys.exit(1)
    options.show(msgspec.to_builtins(counts), as_json=as_json)
    sys.exit(0 if not counts.troubles else 1)


async def _play(people: People, scenario: Scenario, orders: bool, seconds: float | None) -> Counts:
    """Until the time is up or Ctrl-C, with a line on standard error now and then."""
    async with people:
        journal = Journal(people, _unheard)
        play = Play(scenario, journal, orders=orders)
        running = asyncio.create_task(play.run(seconds))
        with contextlib.suppress(asyncio.CancelledError):
            while not (await asyncio.wait([running], timeout=PROGRESS_EVERY_S))[0]:
                click.echo(line(play.counts()), err=True)
        counts = play.counts()
        running.cancel()
        for ended in await asyncio.gather(running, return_exceptions=True):
            if isinstance(ended, Exception):
                raise ended
        for trouble in journal.troubles[:10]:
            click.echo(trouble, err=True)
        return counts


def line(counts: Counts) -> str:
    """The counts as one line of progress."""
    return (
        f"{counts.connected} of {counts.riders} riders on, {counts.acked} points acked, "
        f"{counts.orders_placed} orders placed, {counts.orders_delivered} delivered"
    )


def _unheard(_: Life) -> None:
    """Nobody follows single orders here."""
