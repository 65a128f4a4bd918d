"""`python -m bench.chat sends`, `… storm`, `… long`: each starts servers of its own and prints one table."""

import argparse
from pathlib import Path

from bench import section
from bench.chat import long, sends, storm
from bench.usage import machine

TITLES = {
    "sends": "Acknowledged messages, beside Node", "storm": "A thousand rooms resumed at once",
    "long": "A room of a hundred thousand messages",
}


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m bench.chat", description=__doc__)
    parser.add_argument("what", choices=TITLES)
    parser.add_argument("--rooms", type=int, default=1000, help="of the storm")
    parser.add_argument("--sockets", type=int, default=5000, help="of the storm")
    parser.add_argument("--messages", type=int, default=100_000, help="of the long room")
    parser.add_argument("--markdown", type=Path, help="write the table into this page too")
    given = parser.parse_args()
    busy = section.busy_percent()
    print(f"Measured on {machine()}.\n")
    if given.what == "sends":
        body = sends.run()
    elif given.what == "storm":
        body = storm.run(given.rooms, given.sockets)
    else:
        body = long.run(given.messages)
    print(body)
    if given.markdown:
        section.put(given.markdown, TITLES[given.what], f"bench.chat {given.what}", busy, body)


if __name__ == "__main__":
    main()
