"""`ridewire events`: what nobody could deal with, and sending it back."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import TypeVar

import click
import msgspec

from api.bus.opening import open_transport
from events.transport import Away, DeadLetter, Transport
from infra.clients import open_redis
from infra.settings import Settings, check_for_work, load

Answer = TypeVar("Answer")
MOST = 1000
REDIS_TIMEOUT_S = 5.0


@click.group()
def command() -> None:
    """Look at events that failed for the last time, and send them back to their queues.

    \b
    Examples:
      ridewire events dead
      ridewire events replay --all

    Exit codes: 0 done · 1 the broker cannot be asked, or nothing was replayed · 2 wrong usage or settings.
    """


@command.command()
@click.option("--limit", type=click.IntRange(1, MOST), default=100, show_default=True, help="At most so many.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object a line, with the whole event.")
def dead(limit: int, as_json: bool) -> None:
    """List the dead letters, oldest first. Looking changes nothing."""
    letters = _ask(lambda broker: broker.dead_letters(limit))
    for letter in letters:
        click.echo(msgspec.json.encode(letter) if as_json else _line(letter))
    if not as_json:
        click.echo(f"{len(letters)} dead" if letters else "none is dead")


@command.command()
@click.argument("ids", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="All that are there.")
def replay(ids: tuple[str, ...], everything: bool) -> None:
    """Send dead letters back to the queues they died in, by the ids that `dead` shows. They count as new there."""
    if bool(ids) == everything:
        raise click.UsageError("name the ids to replay, or say --all")
    replayed = _ask(lambda broker: broker.replay(None if everything else ids, MOST))
    click.echo(f"{replayed} replayed")
    sys.exit(0 if replayed or everything else 1)


def _ask(question: Callable[[Transport], Awaitable[Answer]]) -> Answer:
    settings = load()
    check_for_work(settings)
    try:
        return asyncio.run(_asked(settings, question))
    except Away as error:
        click.echo(f"ridewire events: {error}", err=True)
        sys.exit(1)


async def _asked(settings: Settings, question: Callable[[Transport], Awaitable[Answer]]) -> Answer:
    async with open_redis(settings.redis_url, timeout_s=REDIS_TIMEOUT_S) as redis, open_transport(
        settings, redis
    ) as broker:
        return await question(broker)


def _line(letter: DeadLetter) -> str:
    type_ = str((letter.event or {}).get("type", "no event"))
    when = f"{letter.died_at:%Y-%m-%d %H:%M:%S}" if letter.died_at else "unknown"
    return f"{letter.id}  {letter.queue}  {type_}  {letter.attempts} attempts  {when}\n    {letter.error}"
