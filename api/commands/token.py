"""`ridewire token`: an access token of our own, on standard output and nothing else."""

import time
from pathlib import Path

import click

from api.commands import options, secret
from api.tokens import issue

ROLES = ("customer", "vendor", "rider", "dispatcher", "admin")


@click.command()
@click.option("--sub", required=True, help="Whose token: the id of the customer, vendor, rider …")
@click.option("--role", required=True, type=click.Choice(ROLES))
@click.option("--ttl", type=click.IntRange(1, 366 * 86400), default=900, show_default=True, help="Seconds it lasts.")
@click.option("--name", default="", help="A name for people to read.")
@options.data
@options.as_json
def command(sub: str, role: str, ttl: int, name: str, data: Path, as_json: bool) -> None:
    """Print an access token, signed with JWT_SECRET (or with the secret of the demo in --data).

    \b
    Examples:
      ridewire token --sub r1 --role rider
      ridewire token --sub ops1 --role dispatcher --ttl 43200
      curl -H "Authorization: Bearer $(ridewire token --sub a1 --role admin)" http://127.0.0.1:8000/api/orders

    Exit codes: 0 printed · 2 no secret, or a sub that no token can carry.
    """
    now = time.time()
    try:
        token = issue(secret.trust(data), sub, role, ttl, name, now=now)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    if as_json:
        options.show({"token": token, "sub": sub, "role": role, "expires_at": int(now) + ttl}, as_json=True)
    else:
        click.echo(token)
