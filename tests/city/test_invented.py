"""The invented town: always the same, whole, and readable as an OpenStreetMap extract."""

from pathlib import Path

import numpy as np

from city.extract import BadExtract, read
from city.invented import town
from city.places import Route, Spot
from city.streets import assemble
from tests.city.cities import graph_of


def test_the_same_seed_gives_the_same_town() -> None:
    """Two builds are equal, another seed is another town."""
    assert town.build(3) == town.build(3)
    assert town.build(3).ways != town.build(4).ways


def test_the_river_is_crossed_by_bridges_only() -> None:
    """From bank to bank leads over a bridge, and there are few of them."""
    bridges = [way for way in town.build().ways if way.tags.get("bridge") == "yes"]
    assert 4 <= len(bridges) <= 12
    north, south = Spot(14.612, 120.985), Spot(14.587, 120.985)
    found = graph_of("invented").route(north, south)
    assert isinstance(found, Route)
    assert found.distance_m > 2500


def test_the_town_has_what_a_town_has() -> None:
    """One-way streets, a tunnel, main roads and small ones, and a name on every street."""
    streets = graph_of("invented").streets
    assert 0.1 < float(streets.oneway.mean()) < 0.7
    assert bool(streets.tunnel.any())
    assert len(np.unique(streets.kind)) >= 4
    assert "" not in streets.names
    assert 150 < float(streets.length_m.sum()) / 1000 < 400


def test_the_written_extract_holds_the_same_streets(tmp_path: Path) -> None:
    """Written to .osm.pbf and read back, the town has the same edges and lengths."""
    path = tmp_path / "town.osm.pbf"
    town.write(path)
    extract = read(path)
    assert not isinstance(extract, BadExtract)
    streets = assemble(extract.ways)
    assert streets is not None
    expected = graph_of("invented").streets
    assert len(expected.tail) == len(streets.tail)
    assert np.allclose(np.sort(expected.length_m), np.sort(streets.length_m), atol=0.02)
