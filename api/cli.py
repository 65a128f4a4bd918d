"""The command line. A command's module is imported when it is called, so that `ridewire token` stays quick."""

import importlib
import sys

import click

from infra.settings import BadSetting

# Name → module (whose `command` it is) and what `ridewire --help` says of it.
COMMANDS = {
    "demo": ("api.commands.demo", "All in one on embedded servers, with riders moving."),
    "serve": ("api.commands.serve", "HTTP and the socket, on one port."),
    "worker": ("api.commands.worker", "What runs behind: the persister, events and what reacts."),
    "events": ("api.commands.events", "What failed for the last time, and sending it back."),
    "admin": ("api.commands.admin", "Make the first admin's account."),
    "token": ("api.commands.token", "Print an access token for local use."),
    "vapid": ("api.commands.vapid", "Make a key for Web Push."),
    "replay": ("api.commands.replay", "Drive recorded trips through the socket."),
    "simulate": ("api.commands.simulate", "Riders on streets, and orders for them."),
    "doctor": ("api.commands.doctor", "Check everything this needs and say what to do."),
    "learn": ("api.commands.learn", "Learn arrival times from finished deliveries."),
    "city": ("city.commands", "A base map and a routing graph from an OpenStreetMap extract."),
}


class LazyGroup(click.Group):
    """Commands by name, each imported at its first use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of the table: what a newcomer needs first."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, or None when there is no such name."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(COMMANDS[cmd_name][0]).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table itself, so that `--help` imports nothing."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, about) for name, (_, about) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="ridewire")
def ridewire() -> None:
    """Real-time rider tracking for delivery marketplaces.

    \b
    Start here:
      ridewire demo                       a whole service with moving riders, and links to look at it
      ridewire doctor                     what is missing on this machine, and how to get it

    Settings come from the environment; .env.example lists every one.

    Exit codes: 0 done · 1 it ran, and something was not as it must be · 2 wrong usage or settings.
    """


def main() -> None:
    """Entry of the `ridewire` program: a wrong setting is a sentence and exit 2, not a traceback."""
    try:
        ridewire(prog_name="ridewire")
    except BadSetting as error:
        click.echo(f"ridewire: {error}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
