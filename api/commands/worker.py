"""`ridewire worker`: what runs behind the service."""

import sys

import click

from api.worker import PARTS, run
from infra.settings import check_for_work, load


@click.command()
@click.option("--only", type=click.Choice(PARTS), multiple=True, help="Run this part alone; may be given again.")
def command(only: tuple[str, ...]) -> None:
    """Move accepted points into MongoDB, tell what happened, and react to it. Several may run; they share the work.

    It needs REDIS_URL and MONGO_URL, and RABBITMQ_URL's broker where that is set. It may be killed at any moment:
    the next one takes over what it had begun.

    \b
    Examples:
      ridewire worker
      ridewire worker --only persister
      ridewire worker --only relay --only order_processing

    Exit codes: 0 stopped as asked · 1 could not start or broke · 2 wrong settings.
    """
    settings = load()
    check_for_work(settings)
    sys.exit(run(settings, only or PARTS))
