"""What of a map object is shown, and where the sea lies."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, Point, box

from city import features, roads, sea


@pytest.mark.parametrize(
    ("tags", "layers"),
    [
        ({"highway": "residential", "name": "Long Street"}, ["transportation", "transportation_name"]),
        ({"highway": "motorway_link"}, ["transportation"]),
        ({"highway": "pedestrian", "area": "yes"}, []),
        ({"highway": "proposed"}, []),
        ({"railway": "tram"}, ["transportation"]),
        ({"waterway": "river"}, ["waterway"]),
        ({"boundary": "administrative", "admin_level": "2"}, ["boundary"]),
        ({"boundary": "administrative", "admin_level": "nine"}, []),
        ({"natural": "coastline"}, []),
    ],
)
def test_lines_go_to_their_layers(tags: dict[str, str], layers: list[str]) -> None:
    """Streets with a name show twice; what is not built or not known shows nowhere."""
    assert layers == [line.layer for line in features.of_line(tags)]


@pytest.mark.parametrize(
    ("tags", "layer"),
    [
        ({"natural": "water"}, "water"),
        ({"landuse": "basin"}, "water"),
        ({"building": "yes"}, "building"),
        ({"building": "no"}, None),
        ({"leisure": "park"}, "park"),
        ({"landuse": "forest"}, "landcover"),
        ({"landuse": "industrial"}, "landuse"),
        ({"amenity": "school"}, "landuse"),
        ({"amenity": "bench"}, None),
    ],
)
def test_surfaces_go_to_their_layer(tags: dict[str, str], layer: str | None) -> None:
    """The first that fits, or none."""
    found = features.of_area(tags)
    assert layer == (found.layer if found else None)


def test_big_roads_show_from_afar_and_small_ones_near_by() -> None:
    """The order of first zooms is the order of importance."""
    kinds = ["motorway", "trunk", "primary", "secondary", "tertiary", "residential", "service", "footway"]
    zooms = [features.of_line({"highway": kind})[0].min_zoom for kind in kinds]
    assert sorted(zooms) == zooms


@pytest.mark.parametrize(
    ("tags", "names"),
    [
        ({"name": "Rua do Almada"}, {"name": "Rua do Almada", "name:latin": "Rua do Almada"}),
        ({"name": "Ωδός", "name:en": "Odos"}, {"name": "Ωδός", "name:latin": "Odos"}),
        ({"name": "Ωδός"}, {"name": "Ωδός"}),
    ],
)
def test_names_come_as_written_and_in_latin_script(tags: dict[str, str], names: dict[str, str]) -> None:
    """A style can choose; where there is no Latin name it shows the one people write."""
    found = features.of_point({"place": "city", **tags})
    assert found is not None
    assert {"class": "city", **names} == found.properties


@pytest.mark.parametrize("tags", [{"height": "tall"}, {"building:levels": ""}, {}])
def test_unreadable_heights_are_left_out(tags: dict[str, str]) -> None:
    """A house without a usable height is still a house."""
    found = features.of_area({"building": "yes", **tags})
    assert found is not None
    assert {} == found.properties


def test_the_sea_lies_to_the_right_of_the_coastline() -> None:
    """A coast drawn northwards has its sea in the east; turned round, in the west."""
    coast = LineString([(0.5, -1.0), (0.5, 2.0)])
    east = sea.surfaces([coast], (0.0, 0.0, 1.0, 1.0))
    west = sea.surfaces([LineString(coast.coords[::-1])], (0.0, 0.0, 1.0, 1.0))
    assert [True] == [surface.contains(Point(0.9, 0.5)) for surface in east]
    assert [True] == [surface.contains(Point(0.1, 0.5)) for surface in west]


def test_an_island_is_not_sea() -> None:
    """Around a ring drawn with land on its left lies water, inside it none."""
    ring = box(0.4, 0.4, 0.6, 0.6).exterior
    island = LineString(ring.coords if ring.is_ccw else ring.coords[::-1])
    found = sea.surfaces([island], (0.0, 0.0, 1.0, 1.0))
    assert any(surface.contains(Point(0.1, 0.1)) for surface in found)
    assert not any(surface.contains(Point(0.5, 0.5)) for surface in found)


def test_a_coastline_that_ends_in_the_middle_gives_no_sea() -> None:
    """Half a coast cannot say where the water is; nothing is flooded by mistake."""
    assert [] == sea.surfaces([LineString([(0.5, -1.0), (0.5, 0.5)])], (0.0, 0.0, 1.0, 1.0))
    assert [] == sea.surfaces([], (0.0, 0.0, 1.0, 1.0))


TAGS = st.dictionaries(
    st.sampled_from(
        [*features.KEYS, "layer", "height", "building:levels", "name", "ref", "oneway", "maxspeed", "area"]
    ),
    st.one_of(
        st.sampled_from(["yes", "no", "-1", "residential", "water", "2", "city", "river"]),
        st.text("0123456789.;-+² mphöΩ\x00", max_size=8),
    ),
    max_size=6,
)


@settings(deadline=None)
@given(TAGS)
def test_no_tags_break_the_tables(tags: dict[str, str]) -> None:
    """Whatever people write into a map, it is shown or left out, and a road has a usable speed."""
    shown = [*features.of_line(tags), features.of_area(tags), features.of_point(tags)]
    assert all(feature is None or 0 <= feature.min_zoom <= 14 for feature in shown)
    road = roads.read(tags)
    assert road is None or (0 < road.speed_mps < 40 and road.oneway in (-1, 0, 1))
