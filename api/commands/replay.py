"""`ridewire replay FILE`: recorded trips through the socket, with counts that a script can trust."""

import asyncio
import sys
import time
import uuid
from pathlib import Path

import click
import uvloop

from api.commands import options, secret
from api.replay.dating import lateness_s
from api.replay.files import read_trips
from api.replay.fleet import Fleet, Plan
from api.replay.tally import Tally
from api.replay.trip import BadTrip, Trip
from api.tokens import issue
from client.wire import Encoding

TOKEN_TTL_S = 900
PROGRESS_EVERY_S = 5


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@options.url
@options.data
@click.option("--speed", type=click.FloatRange(min=0), default=1.0, show_default=True,
              help="Times faster than recorded; 0 sends everything at once.")
@click.option("--starts", type=click.Choice(["together", "recorded"]), default="together", show_default=True,
              help="All trips at once, or each as long after the first as it was recorded.")
@click.option("--limit", type=click.IntRange(min=1), help="Only the first so many trips of the file.")
@click.option("--watch", is_flag=True, help="A subscriber for each trip, who must end on its last accepted point.")
@click.option("--cut", is_flag=True, help="Break each subscriber's line twice on the way; it must still end right.")
@click.option("--tracks", is_flag=True, help="Fetch each stored track: it must hold every acked point once, in order.")
@click.option("--prefix", help="What riders' ids begin with; without it `replay-` and something new each time, because "
              "one rider cannot ride a trip twice within the hour.")
@click.option("--encoding", type=click.Choice(["json", "msgpack"]), default="msgpack", show_default=True)
@options.as_json
def command(file: Path, url: str, data: Path, speed: float, starts: str, limit: int | None, watch: bool, cut: bool,
            tracks: bool, prefix: str | None, encoding: str, as_json: bool) -> None:
    """Turn the trips in FILE into riders who report over the socket, one connection each.

    FILE is GPX, GeoJSON (LineString Features with `times`), or CSV, also as .gz. A CSV has either a row for each fix
    (a trip, a time, a latitude and a longitude column; accuracy, speed, heading and altitude are taken when there) or
    a row for each trip with a POLYLINE column of [longitude, latitude] pairs 15 s apart. Times are epoch seconds,
    milliseconds, or ISO 8601.

    Fix times keep their recorded spacing and are moved so that each trip's last point is dated when it is sent:
    at --speed 20 a ten-minute trip takes 30 s and begins 9½ minutes in the past.

    \b
    Examples:
      ridewire replay ride.gpx
      ridewire replay pings.csv.gz --speed 20 --watch --tracks --json
      ridewire replay train.csv --limit 50 --speed 10 --starts recorded

    Exit codes: 0 every point is acked or refused with a reason and every check held · 1 not so · 2 FILE or settings.
    """
    try:
        trips = read_trips(file)[:limit]
    except BadTrip as error:
        raise click.UsageError(str(error)) from error
    trust = secret.trust(data)
    run = uuid.uuid4().hex[:6]
    plan = Plan(
        url=url, token=lambda sub, role: issue(trust, sub, role, TOKEN_TTL_S, now=time.time()),
        run=f"replay-{run}", speed=speed, together=starts == "together", watch=watch or cut, cut=cut,
        tracks=tracks, prefix=f"replay-{run}-" if prefix is None else prefix, encoding=Encoding[encoding.upper()],
    )
    options.must_answer(url)
    fleet = Fleet(trips, plan)
    click.echo(_announce(trips, plan), err=True)
    tally = uvloop.run(_with_progress(fleet))
    options.show({"prefix": plan.prefix} | tally.report(), as_json=as_json)
    sys.exit(0 if tally.holds() else 1)


def _announce(trips: list[Trip], plan: Plan) -> str:
    """What is about to happen, and how long it will take."""
    lateness = lateness_s(trips, together=plan.together)
    longest_s = max(late_s + trip.span_s for trip, late_s in zip(trips, lateness, strict=True))
    points = sum(len(trip.points) for trip in trips)
    takes = f"{longest_s / plan.speed:.0f} s" if plan.speed else "no time"
    return f"{len(trips)} trips, {points} points to {plan.url}; by the clock this takes {takes}"


async def _with_progress(fleet: Fleet) -> Tally:
    """Run, with a line on standard error now and then."""
    running = asyncio.create_task(fleet.run())
    while not (await asyncio.wait([running], timeout=PROGRESS_EVERY_S))[0]:
        sent, acked = fleet.counts()
        click.echo(f"{len(fleet.uplinks)} riders on, {sent} points sent, {acked} acked", err=True)
    return await running
