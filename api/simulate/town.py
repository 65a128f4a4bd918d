"""Streets to ride on: a city built from an extract where there is one, else a town of our own invention."""

import time
from collections.abc import Callable
from pathlib import Path

from city import manifest
from city.graph import Graph
from city.invented import town
from city.manifest import NoCity

WORTH_SAYING_S = 0.3


def streets(city_dir: str = "") -> Graph:
    """The graph in `city_dir` (made by `ridewire city build`), or the invented town's; a second or so of work."""
    return Graph.load(Path(city_dir)) if city_dir else town.graph()


def own_city(data: Path, say: Callable[[str], None]) -> str:
    """The invented town with its map, made once under `data` in seconds; "" where that cannot be, said in a line."""
    try:
        from city.build import Refused, ready_invented

        began_s = time.monotonic()
        made = ready_invented(data / "town")
    except ImportError as error:
        say(f"no map of the town: {error.name} is not installed; run `pip install 'ridewire[city]'`")
        return ""
    if isinstance(made, Refused):
        say(f"no map of the town: {made.reason}")
        return ""
    if (took_s := time.monotonic() - began_s) > WORTH_SAYING_S:
        say(f"drawing a town to ride in … {took_s:.1f} s")
    return str(data / "town")


def why_not(city_dir: str) -> str:
    """What is wrong with a CITY_DIR, as a sentence; "" when nothing is."""
    found = manifest.read(Path(city_dir)) if city_dir else None
    return found.reason if isinstance(found, NoCity) else ""
