"""`ridewire admin`: the first admin's account, made from where the secret is."""

import sys
import time
from pathlib import Path

import click
import httpx

from api.commands import options, secret
from api.tokens import issue

MINUTE_S = 60


@click.group()
def command() -> None:
    """Accounts of staff, for whoever holds JWT_SECRET."""


@command.command()
@click.option("--email", required=True, help="Their address; they sign in with it at /login.")
@click.option("--name", default=None, help="A name for people to read.")
@click.option("--role", type=click.Choice(["admin", "dispatcher"]), default="admin", show_default=True)
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input instead of asking for it.")
@options.url
@options.data
def create(email: str, name: str | None, role: str, password_stdin: bool, url: str, data: Path) -> None:
    """Make an account for an admin or a dispatcher at a running service.

    Signed with JWT_SECRET (or with the secret of the demo in --data), so it works before there is any admin. Later ones
    may be made by an admin over REST. The answer is the same for an address that has an account already.

    \b
    Examples:
      ridewire admin create --email ops@shop.example
      printf %s "$PASSWORD" | ridewire admin create --email ops@shop.example --password-stdin --url https://shop.example

    Exit codes: 0 done · 1 the service said no, or does not answer · 2 no secret.
    """
    token = issue(secret.trust(data), "command-line", "admin", MINUTE_S, now=time.time())
    options.must_answer(url)
    word = sys.stdin.readline().rstrip("\n") if password_stdin else click.prompt(
        "Password", hide_input=True, confirmation_prompt=True
    )
    body = {"email": email, "password": word, "role": role} | ({"name": name} if name else {})
    answer = httpx.post(
        f"{url}/api/auth/register", json=body, headers={"Authorization": f"Bearer {token}"}, timeout=20
    )
    if answer.is_error:
        click.echo(f"ridewire: {answer.json().get('detail', answer.status_code)}", err=True)
        sys.exit(1)
    click.echo(f"{email} may sign in at {url}/login as {role}")
