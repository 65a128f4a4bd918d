"""Nothing is lost, doubled or reordered while everything on the way breaks; bench/chat_chaos is this, large."""

import asyncio

import pytest

from bench.chat_chaos.faults import Plan
from bench.chat_chaos.run import Load, play
from bench.chat_chaos.stage import staged
from infra.embedded.mongod import Mongod
from tests.waiting import SCALE

pytestmark = pytest.mark.long


def test_messages_survive_a_network_that_breaks(mongod: Mongod, prefix: str) -> None:
    """Aborted, reset and silent connections, a killed server, a reloaded nginx, a killed Valkey: each message is
    acknowledged, stored once, and shown once to every device in the one order; unread counts equal a recount."""
    load = Load(rooms=3, devices=4, every_s=0.3, disconnects=150, most_s=25 * SCALE, settle_s=30 * SCALE, seed=7)
    plan = Plan(aborted=1, reset=1, swallowed=1, part_every_s=1.0, parts=("server", "valkey", "nginx"))
    with staged(mongod.url, prefix) as stage:
        outcome = asyncio.run(play(stage, load, plan))
    assert {} == {name: count for name, count in outcome.verdict.wrong.items() if count}, outcome
    assert outcome.verdict.acked == outcome.verdict.stored > 0
    assert [] == [part for part in ("kill -9 of a server", "kill -9 of Valkey") if not outcome.faults[part]]
