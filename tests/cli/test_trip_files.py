"""Recorded trips: which files are read, what an unreadable one says, and how points are dated again."""

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.replay.dating import lateness_s, plan
from api.replay.files import read_trips
from api.replay.stored import same
from api.replay.trip import BadTrip, Trip, TripPoint

GPX = """<?xml version="1.0"?><gpx version="1.1" creator="t" xmlns="http://www.topografix.com/GPX/1/1"><trk><name>home</name>
<trkseg><trkpt lat="41.1" lon="-8.6"><ele>12</ele><time>2026-01-02T03:04:05Z</time></trkpt>
<trkpt lat="41.2" lon="-8.7"><time>2026-01-02T03:04:20Z</time></trkpt></trkseg></trk></gpx>"""
GEOJSON = """{"type":"Feature","properties":{"rider":"r1","times":["2026-01-02T03:04:05Z","2026-01-02T03:04:20Z"]},
"geometry":{"type":"LineString","coordinates":[[-8.6,41.1],[-8.7,41.2]]}}"""
PORTO = 'TRIP_ID,TIMESTAMP,TAXI_ID,POLYLINE\nT1,1767323045,9,"[[-8.6,41.1],[-8.7,41.2]]"\nT2,1767323045,9,"[]"\n'
FIXES = "trip,ts,lat,lon\na,1767323045,41.1,-8.6\na,1767323060000,41.2,-8.7\n"
BUSES = (
    'id,"vehicle_id","trip_id","timestamp",latitude,longitude,bearing\n1,"47","10","2026-01-02 03:04:05",41.1,-8.6,\n'
    '2,"47","10","2026-01-02 03:04:20",41.2,-8.7,53\n'
)


def written(directory: Path, name: str, text: str) -> Path:
    """The text as a file, packed when the name says so."""
    path = directory / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return path


@pytest.mark.parametrize(
    ("name", "text", "trip"),
    [
        ("ride.gpx", GPX, "home"), ("ride.geojson", GEOJSON, "r1"), ("train.csv", PORTO, "T1"),
        ("pings.csv.gz", FIXES, "a"), ("pings.csv", "\ufeff" + FIXES, "a"),
        ("buses.csv", BUSES, "10-47"), ("ride.gpx.gz", GPX, "home"),
    ],
)
def test_every_kind_of_file_gives_the_same_ride(tmp_path: Path, name: str, text: str, trip: str) -> None:
    """GPX, GeoJSON, CSV of fixes and Porto's CSV of polylines; packed or not."""
    (read,) = read_trips(written(tmp_path, name, text))
    assert trip == read.name
    assert [(1767323045.0, 41.1, -8.6), (1767323060.0, 41.2, -8.7)] == [(p.ts_s, p.lat, p.lng) for p in read.points]


def test_what_a_row_knows_more_is_kept(tmp_path: Path) -> None:
    """Accuracy, speed, heading and altitude go along where the file has them, and stay out where a cell is empty."""
    (read,) = read_trips(written(tmp_path, "buses.csv", BUSES))
    assert [{}, {"heading": 53.0}] == [point.more for point in read.points]


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("p.csv", "trip,ts,lat,lon\na,1,41,-8\na,2,north,-8\n", "p.csv, line 3, column lat: cannot read 'north'"),
        ("p.csv", "trip,ts,lat,lon\na,1,41,-208\n", "p.csv, line 2, column lon: cannot read '-208': -208 is"),
        ("p.csv", "trip,ts,lat,lon\na,yesterday,41,-8\n", "p.csv, line 2, column ts: cannot read 'yesterday'"),
        ("p.csv", "trip,ts,lat,lon\na,1,41\n", "p.csv, line 2, column lon: the line has 3 columns"),
        ("p.csv", "trip,ts,lat\n", "p.csv, line 1: no column for the longitude"),
        ("p.csv", "", "p.csv: the file is empty"),
        ("p.csv", "trip,ts,lat,lon\n", "p.csv: no trips in it"),
        ("t.csv", "TRIP_ID,TIMESTAMP,POLYLINE\nT,1,[[1]]\n", "t.csv, line 2, column polyline: cannot read"),
        ("r.gpx", "<gpx><trk>", "r.gpx: not GPX"),
        ("r.geojson", "{", "r.geojson, line 1: not JSON"),
        ("r.geojson", '{"type":"Feature","geometry":{"type":"Polygon","coordinates":[]}}', "feature 1 is not a Line"),
        ("r.txt", "x", "its name must end in one of .csv, .gpx, .geojson, .json"),
        ("p.csv", "trip,ts,lat,lon\n\udcff", "is not UTF-8"),
    ],
)
def test_an_unreadable_file_says_where(tmp_path: Path, name: str, text: str, told: str) -> None:
    """File, line and column, and what stood there."""
    path = tmp_path / name
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(BadTrip) as caught:
        read_trips(path)
    assert told in str(caught.value)


def test_a_cut_off_archive_is_an_error_not_half_a_replay(tmp_path: Path) -> None:
    """A .gz that ends early cannot be read."""
    whole = written(tmp_path, "p.csv.gz", FIXES)
    whole.write_bytes(whole.read_bytes()[:-10])
    with pytest.raises(BadTrip, match="cannot be read"):
        read_trips(whole)


def test_points_are_replayed_by_time_whatever_their_order_in_the_file(tmp_path: Path) -> None:
    """Phones write late; a replay follows the fix times."""
    (read,) = read_trips(written(tmp_path, "p.csv", "trip,ts,lat,lon\na,30,41,-8\na,10,42,-8\na,20,43,-8\n"))
    assert [10, 20, 30] == [point.ts_s for point in read.points]


gaps = st.lists(st.floats(0, 5000), min_size=1, max_size=50)


@given(gaps, st.sampled_from([0, 0.5, 1, 3, 20, 1000]), st.floats(0, 1e5))
def test_no_point_is_dated_after_it_is_sent_and_spacing_stays(steps: list[float], speed: float, late_s: float) -> None:
    """The server never sees a fix from the future, and sees true speeds; the last point is dated as it is sent."""
    times = [sum(steps[: n + 1]) for n in range(len(steps))]
    start_ms = 1_800_000_000_000
    trip = Trip("t", [TripPoint(ts, 0, 0) for ts in times])
    table = plan(trip, speed=speed, start_ms=start_ms, late_s=late_s)
    for sent_s, date_ms, ts in zip(table.sends_s, table.dates_ms, times, strict=True):
        assert date_ms <= start_ms + sent_s * 1000 + 1
        assert abs((date_ms - table.dates_ms[0]) - (ts - times[0]) * 1000) <= 2
    dated_as_sent = 0 if speed == 0.5 else -1
    assert abs(start_ms + table.sends_s[dated_as_sent] * 1000 - table.dates_ms[dated_as_sent]) <= 2


def test_trips_start_together_or_as_recorded() -> None:
    """The file's own order of departures is kept only when asked for."""
    trips = [Trip("a", [TripPoint(100, 0, 0)]), Trip("b", [TripPoint(40, 0, 0)])]
    assert [0, 0] == lateness_s(trips, together=True)
    assert [60, 0] == lateness_s(trips, together=False)


def test_a_stored_track_must_hold_every_point_once() -> None:
    """A missing, doubled or displaced point is seen."""
    wanted = [(1, 41.0, -8.0), (2, 41.1, -8.0)]
    assert same(list(wanted), wanted)
    assert not same(wanted[:1], wanted)
    assert not same([*wanted, wanted[1]], wanted)
    assert not same([(1, 41.0, -8.0), (2, 41.2, -8.0)], wanted)
