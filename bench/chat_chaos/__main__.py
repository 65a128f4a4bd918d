"""`python -m bench.chat_chaos`: 200 devices, 50 rooms, 10,000 disconnects; exit code 1 when anything is wrong."""

import argparse
import asyncio
import sys
from pathlib import Path

from bench.chat_chaos.faults import Plan
from bench.chat_chaos.run import Load, Outcome, play
from bench.chat_chaos.stage import staged
from bench.page import busy_percent, put, source, table
from bench.usage import machine


def told(outcome: Outcome, load: Load) -> str:
    """What was done and what came of it."""
    verdict, talkers = outcome.verdict, outcome.talkers
    rows: dict[str, object] = {
        "seed": load.seed, "devices, rooms": f"{len(talkers)}, {load.rooms}", "lasted": f"{outcome.lasted_s:.0f} s",
        "disconnects": outcome.disconnects, **outcome.faults,
        "sends, resent ones included": sum(talker.tale.tries for talker in talkers),
        "messages acknowledged": verdict.acked, "messages stored": verdict.stored,
        "duplicates acknowledged": sum(
            ack["duplicate"] for talker in talkers for ack in talker.tale.acks.values()
        ),
        "log items shown to devices": verdict.shown, "gaps told": sum(talker.tale.gaps for talker in talkers),
        **verdict.wrong,
    }
    return table(["", ""], [[name, str(value)] for name, value in rows.items()])


def main() -> None:
    """Run it against servers of its own."""
    usual = Load()
    parser = argparse.ArgumentParser(prog="python -m bench.chat_chaos", description=__doc__)
    parser.add_argument("--rooms", type=int, default=usual.rooms)
    parser.add_argument("--disconnects", type=int, default=usual.disconnects)
    parser.add_argument("--seconds", type=float, default=usual.most_s, help="at most so long")
    parser.add_argument("--seed", type=int, default=usual.seed)
    parser.add_argument("--markdown", type=Path, help="write the table into this page too")
    given = parser.parse_args()
    busy = busy_percent()
    load = Load(rooms=given.rooms, disconnects=given.disconnects, most_s=given.seconds, seed=given.seed)
    with staged() as stage:
        outcome = asyncio.run(play(stage, load, Plan()))
    body = told(outcome, load)
    print(f"Measured on {machine()}.\n\n{body}")
    if given.markdown:
        command = f"python -m bench.chat_chaos --markdown {given.markdown}"
        put("chat_chaos", f"{source(command, busy)}\n\n{body}", given.markdown)
    sys.exit(0 if outcome.verdict.holds else 1)


if __name__ == "__main__":
    main()
