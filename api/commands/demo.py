"""`ridewire demo`: the whole service on this machine, with riders moving and orders being brought."""

import asyncio
import contextlib
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import click
import msgspec
import uvloop

from api.commands import options, secret
from api.commands.simulate import line
from api.demo import links
from api.demo.links import CustomerLink, personal
from api.demo.stack import CannotStart, Stack, Wanted, check_port, sole_user
from api.simulate.journal import Journal
from api.simulate.people import People
from api.simulate.play import Play
from api.simulate.town import own_city, streets, why_not
from api.tokens import issue
from city.market import Scenario
from infra.embedded.process import ServerFailed
from infra.settings import load

PROGRESS_EVERY_S = 60


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True)
@click.option("--riders", type=click.IntRange(0, 2000), default=30, show_default=True, help="0: an empty service.")
@click.option("--rabbitmq", is_flag=True, help="Start a RabbitMQ as well, for events between processes.")
@options.data
def command(host: str, port: int, riders: int, rabbitmq: bool, data: Path) -> None:
    """Start Valkey, mongod, the service and its worker on this machine, and let riders deliver orders.

    Everything is kept under --data and used again the next time. A server named in REDIS_URL or MONGO_URL is used
    instead of an embedded one. JWT_SECRET is used when set; else a random one is made and kept, readable by you only.
    What crashes is started again; Ctrl-C or SIGTERM stops all of it.

    \b
    Examples:
      ridewire demo
      ridewire demo --port 9000 --riders 200
      ridewire demo --riders 0 --data /tmp/empty

    Exit codes: 0 stopped as asked · 1 something did not come up · 2 the port or the data directory is taken.
    """
    data = data.resolve()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        check_port(host, port)
        with sole_user(data):
            _run(Wanted(host=host, port=port, data=data, settings=load(), rabbitmq=rabbitmq, riders=riders), riders)
    except CannotStart as error:
        raise click.UsageError(str(error)) from error
    except (ServerFailed, FileNotFoundError) as error:
        click.echo(f"ridewire: {error}", err=True)
        sys.exit(1)


def _run(wanted: Wanted, riders: int) -> None:
    """From nothing to stopped."""
    began_s = time.monotonic()
    secret.keep_in(wanted.data)
    if riders:
        wanted = _with_city(wanted)
    stack = Stack(wanted, _say)
    try:
        stack.start()
        _say(f"\nRidewire is up after {time.monotonic() - began_s:.1f} s at {wanted.url}\n")
        uvloop.run(_show(wanted, riders))
    except KeyboardInterrupt:
        pass
    finally:
        # A second Ctrl-C must not leave half of it running.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        _say("stopping …")
        stack.stop()
        _say("stopped; the data stay in " + str(wanted.data))


def _with_city(wanted: Wanted) -> Wanted:
    """Riders need streets, and pages a map of them: CITY_DIR's, or those of a town of our own."""
    if reason := why_not(wanted.settings.city_dir):
        raise CannotStart(f"CITY_DIR: {reason}")
    city_dir = wanted.settings.city_dir or own_city(wanted.data, _say)
    return msgspec.structs.replace(wanted, settings=msgspec.structs.replace(wanted.settings, city_dir=city_dir))


async def _show(wanted: Wanted, riders: int) -> None:
    """Print the links, then play until somebody stops it."""
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, asyncio.current_task().cancel)  # type: ignore[union-attr]
    sign = _signer(wanted)
    for label, link in personal(wanted.url, sign).items():
        _say(links.line(label, link))
    _say("")
    _say(links.line("logs", f"{wanted.data / 'logs'}, and beside the data of each server"))
    _say(links.line("data", str(wanted.data)))
    _say(links.line("stop", "Ctrl-C\n"))
    with contextlib.suppress(asyncio.CancelledError):
        async with People(wanted.url, sign) as people:
            await links.open_chat(people, _say)
            await links.phone_address(people, _say)
        if riders:
            await _play(wanted, riders, sign)
        else:
            _say(links.line("customer", "nobody orders with --riders 0; POST /api/orders, then /api/orders/ID/share"))
        await asyncio.Event().wait()


async def _play(wanted: Wanted, riders: int, sign: Callable[[str, str, int], str]) -> None:
    """Riders and orders; a play that breaks says so and leaves the service up."""
    scenario = Scenario(await asyncio.to_thread(streets, wanted.settings.city_dir), riders=riders)
    async with People(wanted.url, sign) as people:
        link = CustomerLink(people, _say)
        journal = Journal(people, link.moved)
        try:
            if ended := await journal.tidy():
                _say(f"ended {ended} orders that the last demo left under way")
            play = Play(scenario, journal)
            running = asyncio.create_task(play.run(), name="play")
            try:
                while not (await asyncio.wait([running], timeout=PROGRESS_EVERY_S))[0]:
                    _say(line(play.counts()))
                await running
            finally:
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)
        except Exception as error:
            _say(f"the riders stopped: {type(error).__name__}: {error}; the service itself is still up")


def _signer(wanted: Wanted) -> Callable[[str, str, int], str]:
    trust = secret.trust(wanted.data)
    return lambda sub, role, ttl_s: issue(trust, sub, role, ttl_s, now=time.time())


def _say(line: str) -> None:
    click.echo(line)
    sys.stdout.flush()
