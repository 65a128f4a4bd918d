"""Who watches what: topics reach their watchers under the channel's name, and never go back in time."""

from live import topics
from live.hub import Hub
from live.push import Push
from tests.live.test_outbox import Reader


def test_a_view_reaches_its_watchers_under_the_channels_name() -> None:
    """Two views of one channel are told apart inside and look alike outside."""
    hub, exact, coarse = Hub(), Reader(), Reader()
    hub.join(topics.view("order:1", "full"), exact.outbox, "order:1")
    hub.join(topics.view("order:1", "public"), coarse.outbox, "order:1")
    hub.latest("order:1~full", "r1", 1, Push({"lat": 41.12345}))
    hub.latest("order:1~public", "r1", 1, Push({"lat": 41.123}))
    assert [{"channel": "order:1", "lat": 41.12345}] == exact.drain()
    assert [{"channel": "order:1", "lat": 41.123}] == coarse.drain()


def test_an_older_value_is_never_pushed() -> None:
    """Per topic and subject the order must rise, whichever way the values came."""
    hub, reader = Hub(), Reader()
    hub.join("rider:r1", reader.outbox, "rider:r1")
    hub.seen("rider:r1", "r1", 5)
    for order in (4, 5, 7, 6):
        hub.latest("rider:r1", "r1", order, Push({"ts": order}))
    assert [7] == [message["ts"] for message in reader.drain()]


def test_a_topic_nobody_watches_costs_nothing() -> None:
    """The last watcher takes the topic along."""
    hub, reader = Hub(), Reader()
    hub.join("rider:r1", reader.outbox, "rider:r1")
    hub.join("rider:r1", reader.outbox, "rider:r1")
    assert (1, 1) == (hub.watchers("rider:r1"), hub.topics)
    hub.leave("rider:r1", reader.outbox)
    hub.leave("rider:r1", reader.outbox)
    hub.latest("rider:r1", "r1", 1, Push({}))
    assert (0, 0, []) == (hub.watchers("rider:r1"), hub.topics, reader.drain())
