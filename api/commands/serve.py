"""`ridewire serve`: HTTP and the socket, one process, one port."""

import sys

import click

from api.serve import run
from infra.settings import check_for_service, load


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True)
def command(host: str, port: int) -> None:
    """Serve HTTP and WebSocket on one port, on one process and one event loop; start more processes for more cores.

    It needs REDIS_URL, MONGO_URL and JWT_SECRET or JWKS_URL. On SIGTERM it stops accepting, tells every client when to
    come back, flushes, and ends with 0.

    \b
    Examples:
      ridewire serve --host 0.0.0.0 --port 8000
      REDIS_URL=redis://cache:6379/0 MONGO_URL='mongodb://db/?replicaSet=rs0' JWT_SECRET_FILE=/run/jwt ridewire serve

    Exit codes: 0 stopped as asked · 1 could not start or broke · 2 wrong settings.
    """
    settings = load()
    check_for_service(settings)
    sys.exit(run(settings, host, port))
