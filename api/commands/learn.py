"""`ridewire learn`: arrival times from finished deliveries."""

import asyncio
import sys

import click
import msgspec

from api.arrivals.lesson import Lesson, teach
from api.arrivals.routers import open_routers
from api.planning.travel import Travel
from infra.clients import UNREACHABLE, open_mongo
from infra.settings import Settings, check_for_work, load

REFUSED, WRONG = 1, 2


async def run(settings: Settings) -> Lesson:
    """Teach by whatever knows routes here."""
    async with (
        open_mongo(settings.mongo_url, settings.mongo_db) as db,
        open_routers(settings.routing_url, Travel(settings.city_dir)) as routers,
    ):
        return await teach(db, routers)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print what came of it for a script.")
def command(as_json: bool) -> None:
    """Gather finished deliveries, learn from the older ones, examine on the newest.

    What was learned answers only if it is no worse than the model before it. The worker does this every six hours.
    It needs MONGO_URL, routes (CITY_DIR or ROUTING_URL) and `pip install 'ridewire[learn]'`.

    \b
    Examples:
      ridewire learn
      ridewire learn --json

    Exit codes: 0 a model was learned, whether or not it took over · 1 nothing could be learned · 2 wrong settings.
    """
    settings = load()
    check_for_work(settings)
    if not (settings.city_dir or settings.routing_url):
        click.echo("ridewire: neither CITY_DIR nor ROUTING_URL is set; there are no routes to learn against", err=True)
        sys.exit(WRONG)
    try:
        lesson = asyncio.run(run(settings))
    except UNREACHABLE as error:
        click.echo(f"ridewire: MongoDB did not answer: {type(error).__name__}", err=True)
        sys.exit(REFUSED)
    if as_json:
        click.echo(msgspec.json.encode(lesson).decode())
    else:
        click.echo(f"{lesson.gathered} deliveries gathered, {lesson.trips} trips known.")
        took = "answers from now on" if lesson.accepted else "does not answer"
        click.echo(f"{f'Model {lesson.version} {took}. ' if lesson.version else ''}{lesson.said}")
    sys.exit(0 if lesson.version else REFUSED)
