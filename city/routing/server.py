"""OSRM or Valhalla over HTTP. Which of the two it is, the server's own /status tells."""

from typing import Any

import httpx
import numpy as np
import polyline

from city.routing.way import Place, Unanswered, Way, evenly

TIMEOUT_S = 2.0
VALHALLA_DECIMALS, OSRM_DECIMALS = 6, 6
NO_WAY = frozenset({"NoRoute", "NoSegment"})
VALHALLA_NO_WAY = frozenset({154, 170, 171, 442})  # too far, unconnected, no street near, no path
SERVER_FAULT = 500


class Server:
    """A routing server at a base address. `costing`: Valhalla's word for how one drives."""

    name = "routing server"

    def __init__(self, url: str, costing: str = "auto", timeout_s: float = TIMEOUT_S) -> None:
        self.url, self.costing = url.rstrip("/"), costing
        self._http = httpx.AsyncClient(timeout=timeout_s, limits=httpx.Limits(max_connections=16))
        self._is_valhalla: bool | None = None

    async def close(self) -> None:
        """End its connections."""
        await self._http.aclose()

    async def way(self, start: Place, end: Place) -> Way | None:
        """See Router."""
        try:
            if self._is_valhalla is None:
                self._is_valhalla = await self._asks_valhalla()
            return await (self._valhalla(start, end) if self._is_valhalla else self._osrm(start, end))
        except httpx.HTTPError as error:
            raise Unanswered(f"{self.url} did not answer: {type(error).__name__}") from error
        except (ValueError, KeyError, IndexError, TypeError) as error:
            raise Unanswered(f"{self.url} answered something else: {type(error).__name__}: {error}") from error

    async def _asks_valhalla(self) -> bool:
        """Valhalla says its version at /status; OSRM knows no such page."""
        answer = await self._http.get(f"{self.url}/status")
        if answer.status_code >= SERVER_FAULT:
            raise Unanswered(f"{self.url} answered {answer.status_code}")
        return answer.status_code == httpx.codes.OK and "version" in answer.json()

    async def _osrm(self, start: Place, end: Place) -> Way | None:
        places = ";".join(f"{lng:.6f},{lat:.6f}" for lat, lng in (start, end))
        wanted = {"overview": "full", "geometries": "polyline6", "annotations": "duration"}
        answer = await self._http.get(f"{self.url}/route/v1/driving/{places}", params=wanted)
        said = answer.json()
        if said.get("code") in NO_WAY:
            return None
        if answer.status_code != httpx.codes.OK:
            raise Unanswered(f"{self.url} answered {answer.status_code} {said.get('code', '')}")
        route = said["routes"][0]
        lat, lng = _line(route["geometry"], OSRM_DECIMALS)
        steps: list[Any] = route["legs"][0].get("annotation", {}).get("duration", [])
        if len(steps) == len(lat) - 1 and len(steps):
            passed = np.concatenate([[0.0], np.cumsum(np.asarray(steps, dtype=float))])
            return Way(lat, lng, passed, float(route["distance"]))
        return evenly(lat, lng, float(route["distance"]), float(route["duration"]))

    async def _valhalla(self, start: Place, end: Place) -> Way | None:
        asked = {
            "locations": [{"lat": lat, "lon": lng} for lat, lng in (start, end)], "costing": self.costing,
            "units": "kilometers", "directions_type": "none",
        }
        answer = await self._http.post(f"{self.url}/route", json=asked)
        said = answer.json()
        if said.get("error_code") in VALHALLA_NO_WAY:
            return None
        if answer.status_code != httpx.codes.OK:
            raise Unanswered(f"{self.url} answered {answer.status_code} {said.get('error', '')}")
        leg = said["trip"]["legs"][0]
        lat, lng = _line(leg["shape"], VALHALLA_DECIMALS)
        return evenly(lat, lng, float(leg["summary"]["length"]) * 1000, float(leg["summary"]["time"]))


def _line(encoded: str, decimals: int) -> tuple[Any, Any]:
    points = np.asarray(polyline.decode(encoded, decimals), dtype=float)
    if points.ndim != 2 or not len(points):
        raise ValueError("the line has no points")
    return points[:, 0], points[:, 1]
