"""`python -m bench.chat sends`, `… storm`, `… long`: each starts servers of its own and prints one table."""

import argparse
from pathlib import Path

from bench.chat import long, sends, storm
from bench.page import busy_percent, put, source
from bench.usage import machine

WHAT = ("sends", "storm", "long")


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m bench.chat", description=__doc__)
    parser.add_argument("what", choices=WHAT)
    parser.add_argument("--rooms", type=int, default=1000, help="of the storm")
    parser.add_argument("--sockets", type=int, default=5000, help="of the storm")
    parser.add_argument("--messages", type=int, default=100_000, help="of the long room")
    parser.add_argument("--markdown", type=Path, help="write the table into this page too")
    given = parser.parse_args()
    busy = busy_percent()
    print(f"Measured on {machine()}.\n")
    if given.what == "sends":
        body = sends.run()
    elif given.what == "storm":
        body = storm.run(given.rooms, given.sockets)
    else:
        body = long.run(given.messages)
    print(body)
    if given.markdown:
        command = f"python -m bench.chat {given.what} --markdown {given.markdown}"
        put(f"chat {given.what}", f"{source(command, busy)}\n\n{body}", given.markdown)


if __name__ == "__main__":
    main()
