"""What each phone app writes, as it writes it, is understood in our units; what is nothing gets a sentence."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.errors import Refused
from api.phones.reading import Reading, Sent
from api.phones.understand import MOST_READINGS, understand

NOW = 1_764_000_000_000
TS = 1_763_999_990_000
MANILA = {"lat": 14.5995, "lng": 120.9842}


def place(ts: int = TS, **rest: Any) -> Reading:
    return Reading(ts=ts, **MANILA, **rest)


def read(query: str = "", body: Any = b"", **options: Any) -> Sent:
    sent = understand(query, body if isinstance(body, bytes) else json.dumps(body).encode(), NOW, **options)
    assert isinstance(sent, Sent), sent
    return sent


def refused(query: str = "", body: bytes = b"") -> Refused:
    answer = understand(query, body, NOW)
    assert isinstance(answer, Refused), answer
    return answer


def close(reading: Reading) -> Reading:
    """The same with its speed in whole centimetres a second."""
    speed = None if reading.speed is None else round(reading.speed, 2)
    return Reading(**{name: getattr(reading, name) for name in reading.__struct_fields__} | {"speed": speed})


TRACCAR = {
    "id": "123456", "lat": "14.5995", "lon": "120.9842", "timestamp": "1763999990", "accuracy": "4.2",
    "altitude": "12.0", "speed": "19.44", "bearing": "90.0", "batt": "81", "charge": "false",
}
FULL = place(accuracy=4.2, altitude=12.0, speed=10.0, heading=90.0)
LOCATION = {
    "timestamp": "2025-11-24T15:59:50.000Z", "is_moving": True, "odometer": 1234.5, "event": "motionchange",
    "coords": {"latitude": 14.5995, "longitude": 120.9842, "accuracy": 4.2, "speed": 10, "heading": 90,
               "altitude": 12.0},
    "battery": {"level": 0.81, "is_charging": False}, "activity": {"type": "on_bicycle"}, "extras": {},
    "_": "&id=123456", "uuid": "f2b4", "mock": False,
}
OWNTRACKS = {
    "_type": "location", "BSSID": "c0:ff:ee", "acc": 4.2, "alt": 12.0, "batt": 81, "bs": 1, "conn": "w", "cog": 90,
    "created_at": 1763999995, "lat": 14.5995, "lon": 120.9842, "m": 2, "t": "u", "tid": "an", "tst": 1763999990,
    "topic": "owntracks/ana/phone", "vac": 3, "vel": 36, "_id": "8f2a",
}
OVERLAND = {
    "type": "Feature", "geometry": {"type": "Point", "coordinates": [120.9842, 14.5995]},
    "properties": {
        "timestamp": "2025-11-24T23:59:50+0800", "altitude": 12.0, "speed": 10, "horizontal_accuracy": 4.2,
        "vertical_accuracy": -1, "course": 90, "motion": ["cycling"], "battery_state": "unplugged",
        "battery_level": 0.81, "wifi": "", "device_id": "ana",
    },
}


@pytest.mark.parametrize(("query", "body"), [
    (urlencode(TRACCAR), b""), ("", urlencode(TRACCAR).encode()),
    ("", {"location": LOCATION, "device_id": "123456"}), ("", {"location": [LOCATION]}), ("", [LOCATION]),
    ("", OWNTRACKS), ("", {"locations": [OVERLAND]}), ("", {"type": "FeatureCollection", "features": [OVERLAND]}),
    ("", OVERLAND),
], ids=["Traccar 8", "Traccar 10", "Traccar 9", "SDK batch", "SDK root", "OwnTracks", "Overland", "GeoJSON", "Feature"])
def test_apps_that_say_everything_are_understood_alike(query: str, body: Any) -> None:
    """Knots, km/h and m/s, seconds and ISO, percent and shares all come out in one form."""
    sent = read(query, body)
    assert ([FULL], 0.81, 0) == ([close(each) for each in sent.readings], sent.battery, sent.unclear)


@pytest.mark.parametrize(("query", "expected"), [
    ("lat=14.5995&lon=120.9842&timestamp=1763999990000&hdop=4.0&altitude=12.0&speed_mps=10.0&bearing=90.0",
     place(altitude=12.0, speed=10.0, heading=90.0)),
    ("lat=14.5995&lon=120.9842&timestamp=1763999990&acc=4.2&speed_mps=10&dir=90&alt=12.0&batt=81.0", FULL),
    ("lat=14.5995&lng=120.9842&time=2025-11-24T15:59:50.000Z&speed_kmh=36", place(speed=10.0)),
    ("deviceid=7&location=14.5995,120.9842&timestamp=2025-11-24+15:59:50", place()),
    ("lat=14.5995&lon=120.9842", place(NOW)),
], ids=["OsmAnd", "GPSLogger", "GPSLogger ISO", "Traccar generic", "no time"])
def test_addresses_one_writes_oneself(query: str, expected: Reading) -> None:
    """OsmAnd and GPSLogger put their numbers where docs/phones.md says."""
    assert [expected] == [close(each) for each in read(query).readings]


@pytest.mark.parametrize("record", [
    {"latitude": 14.5995, "longitude": 120.9842, "time": TS},
    {"latitude": 14.5995, "longitude": 120.9842, "timestamp": TS, "heading": -1, "speed": -1, "is_moving": True},
    {"pt": {"lat": 14.5995, "lon": 120.9842}, "ts": "2025-11-24T15:59:50Z", "acc": -1},
])
def test_couriers_own_apps_are_understood(record: dict[str, Any]) -> None:
    """Arrays of flat records; -1 is unknown and costs nothing."""
    assert (place(), place()) == read("", [record, record]).readings


@pytest.mark.parametrize(("query", "body", "options"), [
    ("id=123456&timestamp=1763999990&batt=81&charge=true", b"", {}),
    ("", b"id=123456&notificationToken=abc", {}),
    ("id=1&lat=14.5&lon=120.9&valid=false", b"", {}),
    ("", {"_type": "transition", "event": "enter", "tst": 1763999990}, {}),
    ("", {"_type": "status", "android": {"ps": 0}}, {}), ("", {"_type": "lwt", "tst": 1}, {}),
    ("", b"", {"is_owntracks": True}), ("", {"locations": []}, {}), ("", [], {}),
])
def test_a_sign_of_life_is_taken_and_stores_nothing(query: str, body: Any, options: dict[str, bool]) -> None:
    """Heartbeats, tokens, empty batches and OwnTracks' other messages are no errors: apps would repeat them."""
    assert () == read(query, body, **options).readings


def test_one_bad_part_does_not_hold_up_a_batch() -> None:
    """What says no place is counted and left out."""
    sent = read("", {"locations": [{"type": "Feature"}, OVERLAND, "x", {"geometry": {"coordinates": [1]}}]})
    assert ([FULL], 3) == ([close(each) for each in sent.readings], sent.unclear)


@pytest.mark.parametrize(("query", "body", "word"), [
    ("", b"", "none of the forms"), ("colour=red", b"", "lat, lon"), ("lat=north&lon=3", b"", "degrees"),
    ("lat=1&lon=2&timestamp=soon", b"", "timestamp"), ("lat=nan&lon=2", b"", "degrees"), ("", b"{", "no JSON"),
    ("", b"\xff\xfe", "none of the forms"), ("", b'{"_type":"encrypted","data":"x"}', "encrypt"),
    ("", b'{"_type":"location","lat":1}', "tst"), ("", b'{"locations":[{}]}', "locations"), ("", b'[1,2]', "records"),
    ("&".join(f"f{number}=1" for number in range(101)), b"", "none of the forms"),
])
def test_what_is_nothing_is_told_why(query: str, body: bytes, word: str) -> None:
    """A refusal is a bad request whose sentence names the fault."""
    answer = refused(query, body)
    assert ("bad_request", True) == (answer.code, word in answer.message), answer.message


def test_a_batch_has_an_end() -> None:
    """More places than anybody gathers in a day of seconds are too many."""
    assert "too_large" == refused("", json.dumps([{}] * (MOST_READINGS + 1)).encode()).code


@given(st.text(max_size=80), st.one_of(st.binary(max_size=200), st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from(["location", "locations", "coords", "geometry", "coordinates", "properties", "lat", "lon",
                         "timestamp", "_type", "battery", "pt", "features", "type"]), inner, max_size=5),
    max_leaves=12).map(lambda value: json.dumps(value).encode())))
def test_nothing_a_stranger_sends_breaks_it(query: str, body: bytes) -> None:
    """Any bytes are understood or refused, never a crash, and places hold finite numbers."""
    sent = understand(query, body, NOW)
    if isinstance(sent, Sent):
        assert all(each.lat == each.lat and abs(each.lng) < float("inf") for each in sent.readings)
