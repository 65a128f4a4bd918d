"""`ridewire doctor`: what is missing, and the command that mends it."""

import json
import sys

import click
import msgspec

from api.doctor import machine, servers
from api.doctor import settings as environment
from api.doctor.finding import Finding, Purpose
from infra.settings import load


@click.command()
@click.option("--for", "purpose", type=click.Choice(["demo", "serve", "test"]),
              help="What shall work; without it, serve when REDIS_URL and MONGO_URL are set, else demo.")
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="The port it shall have.")
@click.option("--json", "as_json", is_flag=True, help="Print every finding as JSON.")
def command(purpose: Purpose | None, port: int, as_json: bool) -> None:
    """Look at Python, packages, programs, limits, settings and servers, and say for each what to do.

    \b
    Examples:
      ridewire doctor
      ridewire doctor --for test
      REDIS_URL=redis://cache MONGO_URL=mongodb://db ridewire doctor --json

    Exit codes: 0 nothing that is needed is missing · 1 something is · 2 a setting cannot be read.
    """
    settings = load()
    chosen: Purpose = purpose or ("serve" if settings.redis_url and settings.mongo_url else "demo")
    findings = [*machine.look(chosen, port), *environment.look(settings, chosen), *servers.look(settings)]
    wrong = [finding for finding in findings if finding.state == "wrong"]
    if as_json:
        click.echo(json.dumps({"for": chosen, "ok": not wrong, "findings": msgspec.to_builtins(findings)}))
    else:
        _tell(findings, wrong, chosen)
    sys.exit(1 if wrong else 0)


def _tell(findings: list[Finding], wrong: list[Finding], purpose: Purpose) -> None:
    """For people: a line each, the verdict last."""
    for finding in findings:
        click.echo(finding.line())
    names = ", ".join(finding.name for finding in wrong)
    click.echo(f"\nready to {purpose}" if not wrong else f"\nnot ready to {purpose}: {names}")
