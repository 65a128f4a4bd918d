"""Options that several commands share."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
import httpx

from api.commands.secret import DEFAULT_DATA

Decorated = TypeVar("Decorated", bound=Callable[..., Any])
DEFAULT_URL = "http://127.0.0.1:8000"


def data(command: Decorated) -> Decorated:
    """`--data`: where a demo keeps its servers' files and its secret."""
    return click.option(
        "--data", type=click.Path(path_type=Path, file_okay=False), default=DEFAULT_DATA, show_default=True,
        help="A demo's directory; its token secret is used when JWT_SECRET is not set.",
    )(command)


def url(command: Decorated) -> Decorated:
    """`--url`: the service to talk to."""
    told = "The service, as a browser would open it."
    return click.option("--url", default=DEFAULT_URL, show_default=True, help=told)(command)


def as_json(command: Decorated) -> Decorated:
    """`--json`: the result as one JSON object on standard output."""
    return click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")(command)


def must_answer(url: str) -> None:
    """Exit 1 with a sentence when nothing answers at all."""
    try:
        httpx.get(f"{url}/health", timeout=5)
    except httpx.TransportError as error:
        click.echo(f"ridewire: nothing answers at {url} ({error}); `ridewire demo` starts a service", err=True)
        sys.exit(1)


def show(result: dict[str, Any], *, as_json: bool) -> None:
    """A result: one JSON object, or a line for each entry."""
    if as_json:
        click.echo(json.dumps(result))
        return
    for name, value in result.items():
        if isinstance(value, dict):
            value = ", ".join(f"{each} {count}" for each, count in value.items()) or "none"
        click.echo(f"{name.replace('_', ' '):>20}  {value}")
