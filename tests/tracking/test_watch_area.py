"""Viewports on the fleet: what a map was told always adds up to what it would be told now."""

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.box import Box
from live.hub import Hub
from live.meters import Meters
from live.outbox import Outbox
from live.push import Encoding
from tracking.area import LINGER_S, Areas
from tracking.clusters import Crowd, clusters
from tracking.keys import PARTITIONS
from tracking.messages import Fix
from tracking.partitions import Partitions

START_MS = 1_700_000_000_000
BOXES = {
    "area:-1,-1,1,1": Box(-1, -1, 1, 1),
    "area:0,0,0.05,0.05": Box(0, 0, 0.05, 0.05),
    "area:179,-1,-179,1": Box(179, -1, -179, 1),
    "area:-180,-90,180,90": Box(-180, -90, 180, 90),
}


class Map:
    """A dispatcher's map: the state it was given, and every message since."""

    def __init__(self, city: "City", channel: str, rate_hz: float) -> None:
        self.city, self.channel, self.rate_hz = city, channel, rate_hz
        self.outbox = Outbox(Encoding.JSON, lambda: None, Meters())
        self.outbox.set_rate(channel, rate_hz)
        self.viewport = city.areas.open(channel, BOXES[channel], rate_hz)
        city.hub.join(channel, self.outbox, channel)
        state = self.viewport.state(city.now_ms)
        self.riders = {position["rider"]: position for position in state["positions"]}
        self.clusters: list[dict[str, Any]] = state["clusters"]

    def read(self) -> int:
        """Take in what waits, as a page would; how many messages it was."""
        frame = self.outbox.take(self.city.now_ms, 1 << 30)
        messages = msgspec.json.decode(frame) if frame else []
        messages = messages if isinstance(messages, list) else [messages]
        for message in messages:
            assert self.channel == message.pop("channel")
            if message["type"] == "position":
                self.riders[message["rider"]] = message
            elif message["type"] == "left":
                self.riders.pop(message["rider"], None)
            else:
                self.clusters = message["items"]
        return len(messages)

    def close(self) -> None:
        """Leave."""
        self.city.hub.leave(self.channel, self.outbox)
        self.city.areas.close(self.channel, self.rate_hz)


class City:
    """Areas with a clock of our own, and the maps on them."""

    def __init__(self, crowd: Crowd) -> None:
        self.now_ms = START_MS
        self.hub = Hub()
        self.subscribed: set[str] = set()
        self.stored: list[Fix] = []
        partitions = Partitions(self._subscribe, "here", lambda fixes: None)
        self.areas = Areas(self.hub, partitions, self._load, lambda: self.now_ms, crowd)
        self.maps: list[Map] = []

    def _subscribe(self, topic: str, handler: object) -> Any:
        self.subscribed.add(topic)
        return lambda: self.subscribed.discard(topic)

    async def _load(self) -> list[Fix]:
        return self.stored

    def move(self, rider: str, lat: float, lng: float) -> None:
        """A rider reports."""
        if self.areas.is_open:  # as Watch does
            self.areas.note([Fix(rider, lat, lng, self.now_ms, self.now_ms, 1)])

    def pass_time(self, ms: int) -> None:
        """Let time go by in ticks."""
        for _ in range(ms // 100):
            self.now_ms += 100
            self.areas.tick(self.now_ms)


LATS = st.sampled_from([0.0, 0.01, 0.04, 0.051, 0.9, 1.0, 1.1, 45.0])
LNGS = st.sampled_from([0.0, 0.02, 0.05, -0.5, 1.0, 1.01, 179.5, -179.5, 180.0, -180.0])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("move"), st.sampled_from("abcdef"), LATS, LNGS),
        st.tuples(st.just("open"), st.sampled_from(sorted(BOXES)), st.sampled_from([1.0, 3.0, 10.0])),
        st.tuples(st.just("close"), st.integers(0, 3)),
        st.tuples(st.just("read"), st.integers(0, 3)),
        st.tuples(st.just("wait"), st.sampled_from([100, 500, 1000, 61_000, 181_000])),
    ),
    max_size=60,
)


@settings(deadline=None, max_examples=150)
@given(STEPS)
def test_snapshot_and_events_add_up_to_a_later_snapshot(steps: list[Any]) -> None:
    """Whatever moves, falls silent, crowds together or is opened meanwhile: a map and a fresh map show the same."""
    city = City(Crowd(on=3, off=2))
    for step in steps:
        city.now_ms += 1
        match step:
            case "move", rider, lat, lng:
                city.move(rider, lat, lng)
            case "open", channel, rate_hz:
                city.maps.append(Map(city, channel, rate_hz))
            case "close", number if city.maps:
                city.maps.pop(number % len(city.maps)).close()
            case "read", number if city.maps:
                city.maps[number % len(city.maps)].read()
            case "wait", ms:
                city.pass_time(ms)
    city.pass_time(12_000)
    for one in city.maps:
        one.read()
        fresh = Map(city, one.channel, one.rate_hz)
        assert (fresh.riders, fresh.clusters) == (one.riders, one.clusters)
        fresh.close()


def test_a_map_is_told_at_most_so_often_and_only_the_newest() -> None:
    """At 1 Hz, a rider who reports ten times a second is drawn about once a second, at the newest place."""
    city = City(Crowd())
    watching = Map(city, "area:-1,-1,1,1", 1.0)
    told = 0
    for step in range(100):
        city.move("a", 0.0, step / 1000)
        city.pass_time(100)
        told += watching.read()
    assert 9 <= told <= 11
    assert watching.riders["a"]["lng"] >= 0.089


def test_a_quiet_map_draws_a_move_at_once() -> None:
    """The rate bounds how often, not how soon: after a quiet second the next move takes one tick."""
    city = City(Crowd())
    watching = Map(city, "area:-1,-1,1,1", 1.0)
    city.pass_time(1500)
    city.move("a", 0.0, 0.5)
    city.pass_time(100)
    assert 1 == watching.read()


def test_a_rider_who_leaves_or_falls_silent_is_taken_off() -> None:
    """Crossing the edge and 180 s without a word both end in `left`."""
    city = City(Crowd())
    watching = Map(city, "area:-1,-1,1,1", 10.0)
    city.move("a", 0.0, 0.0)
    city.move("b", 0.0, 0.0)
    city.pass_time(1000)
    watching.read()
    assert {"a", "b"} == set(watching.riders)
    city.move("a", 0.0, 1.5)
    city.pass_time(1000)
    watching.read()
    assert {"b"} == set(watching.riders)
    city.pass_time(60_000 + 6_000)
    watching.read()
    assert watching.riders["b"]["stale"] is True
    city.pass_time(125_000)
    watching.read()
    assert {} == watching.riders


def test_above_500_riders_come_clusters_and_below_400_they_go() -> None:
    """The change is complete either way: no rider is left among clusters, and no cluster among riders."""
    city = City(Crowd())
    watching = Map(city, "area:-1,-1,1,1", 10.0)

    def fleet(size: int) -> None:
        for number in range(600):
            city.move(f"r{number}", 0.001 * (number % 30), 0.5 if number < size else 5.0)
        city.pass_time(2000)
        watching.read()

    seen = []
    for size in (500, 501, 450, 400, 399, 450):
        fleet(size)
        seen.append((size, len(watching.riders), sum(cluster["count"] for cluster in watching.clusters)))
    assert [(500, 500, 0), (501, 0, 501), (450, 0, 450), (400, 0, 400), (399, 399, 0), (450, 450, 0)] == seen


def test_riders_in_sight_are_those_shown_singly_and_never_too_many() -> None:
    """A map in cluster mode wakes no phones, one outside every box neither, and the bound holds."""
    city = City(Crowd(on=3, off=2))
    watching = Map(city, "area:-1,-1,1,1", 10.0)
    city.move("a", 0.0, 0.5)
    city.move("b", 0.0, 0.6)
    city.move("far", 45.0, 5.0)
    city.pass_time(1000)
    assert {"a", "b"} == city.areas.in_sight(500)
    assert 1 == len(city.areas.in_sight(1))
    city.move("c", 0.0, 0.7)
    city.move("d", 0.0, 0.8)
    city.pass_time(1000)
    assert set() == city.areas.in_sight(500)
    watching.close()
    assert set() == city.areas.in_sight(500)


async def test_the_table_is_loaded_once_and_outlives_a_moving_map() -> None:
    """A map that moves finds everybody known; nobody watching for 30 s forgets all and gives the subscriptions back."""
    city = City(Crowd())
    city.stored = [Fix("a", 0.0, 0.0, START_MS, START_MS, 1)]
    watching = Map(city, "area:-1,-1,1,1", 1.0)
    assert PARTITIONS == len(city.subscribed)
    await city.areas.ready()
    assert ["a"] == [position["rider"] for position in watching.viewport.state(city.now_ms)["positions"]]
    watching.close()
    city.pass_time(1000)
    city.stored = []
    assert {"a"} == set(Map(city, "area:0,0,0.05,0.05", 1.0).riders)
    city.pass_time(1000)
    Map(city, "area:-1,-1,1,1", 1.0).close()
    assert PARTITIONS == len(city.subscribed)


def test_nobody_watching_forgets_the_fleet() -> None:
    """LINGER_S after the last map went, the table and the subscriptions are gone."""
    city = City(Crowd())
    Map(city, "area:-1,-1,1,1", 1.0).close()
    city.pass_time(round(LINGER_S * 1000) + 200)
    assert set() == city.subscribed
    assert not city.areas.is_open


@given(st.lists(st.tuples(st.floats(-1, 1), st.floats(-1, 1)), max_size=50), st.randoms())
def test_clusters_count_everybody_in_whatever_order_they_come(places: list[tuple[float, float]], random: Any) -> None:
    """The same riders make the same clusters, and each rider is in one of them."""
    box = Box(-1, -1, 1, 1)
    found = clusters(places, box)
    shuffled = list(places)
    random.shuffle(shuffled)
    assert found == clusters(shuffled, box)
    assert len(places) == sum(cluster.count for cluster in found)
