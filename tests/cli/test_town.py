"""The town a demo rides in when nobody gave it a city."""

from pathlib import Path

import pytest

from api.simulate.town import own_city, streets, why_not
from city.graph import Graph

pytestmark = pytest.mark.long


def test_the_demo_draws_its_town_once_and_rides_in_it(tmp_path: Path) -> None:
    """The first time it says how long that took, the second time it finds it; its streets are a graph."""
    said: list[str] = []
    first = own_city(tmp_path, said.append)
    spoken = len(said)
    assert first == own_city(tmp_path, said.append)
    assert spoken == len(said)
    assert (tmp_path / "town" / "city.pmtiles").is_file()
    assert isinstance(streets(first), Graph)
    assert why_not(first) == ""


def test_a_city_dir_that_is_none_is_told_of_before_anything_starts(tmp_path: Path) -> None:
    """The sentence says which file is missing and how to make a city; no CITY_DIR at all is no mistake."""
    assert "ridewire city build" in why_not(str(tmp_path))
    assert why_not("") == ""
