"""The cities that city tests run on: the invented one always, recorded Porto where its folder is."""

import os
from functools import cache
from pathlib import Path

from city.extract import BadExtract, read
from city.graph import Graph
from city.invented import town
from city.streets import assemble

REPOSITORY = Path(__file__).resolve().parents[2]
PORTO_DIR = Path(os.environ.get("RIDEWIRE_PORTO", REPOSITORY.parent / "shared" / "data" / "porto"))
PORTO = PORTO_DIR / "porto.osm.pbf"
CITIES = ["invented", *(["porto"] if PORTO.exists() else [])]
NOT_RUN = (
    "" if PORTO.exists() else f"city: {PORTO} is absent, so Porto was not tested; name its folder in RIDEWIRE_PORTO"
)


@cache
def graph_of(city: str) -> Graph:
    """The city's graph, built once a run."""
    if city == "invented":
        return town.graph()
    extract = read(PORTO)
    assert not isinstance(extract, BadExtract), extract
    streets = assemble(extract.ways)
    assert streets is not None
    return Graph(streets)
