"""`ridewire vapid`: a key pair for Web Push."""

import json

import click
from cryptography.hazmat.primitives.asymmetric import ec

from notifications.ways.vapid import CURVE, b64, public_bytes, write_private


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print an object instead of a line for the environment.")
def command(as_json: bool) -> None:
    """Print a new private key for Web Push, to be kept secret, and its public half, which pages ask the server for.

    Browsers that have subscribed know the public half: with another key they have to subscribe again.

    \b
    Examples:
      ridewire vapid >> .env
      ridewire vapid --json

    Exit codes: 0 done.
    """
    key = ec.generate_private_key(CURVE)
    private, public = write_private(key), b64(public_bytes(key))
    if as_json:
        click.echo(json.dumps({"private": private, "public": public}))
    else:
        click.echo(f"VAPID_PRIVATE_KEY={private}")
