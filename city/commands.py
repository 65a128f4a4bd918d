"""`ridewire city`: build a city from an extract, and say what a city directory holds."""

import sys
import time
from pathlib import Path

import click
import msgspec

from city import manifest
from city.manifest import Manifest, NoCity


@click.group()
def city() -> None:
    """A base map and a routing graph of one's own, from any OpenStreetMap extract."""


@city.command("build")
@click.argument("extract", type=click.Path(path_type=Path))
@click.option(
    "--out", type=click.Path(path_type=Path), help="Directory to make. Default: NAME.city beside the extract."
)
@click.option("--no-map", is_flag=True, help="Only the routing graph; needs no tippecanoe.")
@click.option("--json", "as_json", is_flag=True, help="Print the manifest as JSON, progress to stderr.")
def build_city(extract: Path, out: Path | None, no_map: bool, as_json: bool) -> None:
    """Make a city directory from EXTRACT, an .osm.pbf file (download.geofabrik.de has one for every country).

    Exits 0 when the city stands, 1 when the input or the machine does not allow it; then nothing is left behind.
    """
    try:
        from city import build
    except ImportError as error:
        raise click.ClickException(f"{error.name} is not installed; run `pip install 'ridewire[city]'`.") from error
    began = time.monotonic()

    def say(line: str) -> None:
        click.echo(f"{time.monotonic() - began:6.1f} s  {line}", err=True)

    target = out or extract.with_name(extract.name.removesuffix(".pbf").removesuffix(".osm") + ".city")
    made = build.build(extract, target, say, with_map=not no_map)
    if isinstance(made, build.Refused):
        raise click.ClickException(made.reason)
    say(f"{target} is ready")
    _show(made, target, as_json=as_json)
    if not as_json:
        click.echo(f"Use it: CITY_DIR={target.resolve()} ridewire serve, or ridewire demo with the same.")


@city.command("info")
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the manifest as JSON.")
def info(directory: Path, as_json: bool) -> None:
    """What a city directory holds. Exits 1 when it is none, or of another version."""
    found = manifest.read(directory)
    if isinstance(found, NoCity):
        raise click.ClickException(found.reason)
    _show(found, directory, as_json=as_json)


def _show(made: Manifest, directory: Path, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(made), indent=2) + b"\n")
        return
    box = made.box
    click.echo(f"{made.name} in {directory}")
    click.echo(f"  from     {made.source.file}, {made.source.size_bytes / 1e6:.1f} MB, built {made.built_at}")
    click.echo(f"  box      {box.south:.4f},{box.west:.4f} to {box.north:.4f},{box.east:.4f}")
    click.echo(f"  streets  {made.road_km:,.0f} km, {made.junctions:,} junctions, {made.edges:,} pieces between them")
    click.echo(f"  routing  {made.versions.get('routing', 'unknown')}")
    click.echo(f"  map      {_map_line(made, directory)}")
    click.echo(f"  times    {', '.join(f'{step} {seconds} s' for step, seconds in made.seconds.items())}")
    click.echo(f"  credit   {made.attribution}")


def _map_line(made: Manifest, directory: Path) -> str:
    if made.map is None:
        return "none"
    path = directory / made.map
    size = f"{path.stat().st_size / 1e6:.1f} MB" if path.exists() else "missing"
    return f"{made.map}, {size}, {sum(made.features.values()):,} features"


command = city  # what api/cli.py mounts
