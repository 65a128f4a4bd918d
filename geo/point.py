"""Two points on the globe: how far apart, and which way. Scalar and pure; degrees in, metres and degrees out."""

from math import asin, atan2, cos, degrees, radians, sin, sqrt

EARTH_RADIUS_M = 6_371_008.8  # mean radius (IUGG): within 0.6 % of the ellipsoid everywhere
METRES_PER_DEGREE = radians(EARTH_RADIUS_M)  # of any great circle


def distance_m(lat_a: float, lng_a: float, lat_b: float, lng_b: float) -> float:
    """Great-circle distance by the haversine, which stays exact for neighbours a centimetre apart."""
    phi_a, phi_b = radians(lat_a), radians(lat_b)
    half_lat, half_lng = (phi_b - phi_a) / 2, radians(lng_b - lng_a) / 2
    chord = sin(half_lat) ** 2 + cos(phi_a) * cos(phi_b) * sin(half_lng) ** 2
    return 2 * EARTH_RADIUS_M * asin(sqrt(min(1.0, chord)))


def certainly_within(lat_a: float, lng_a: float, lat_b: float, lng_b: float, within_m: float) -> bool:
    """Whether a cheap look already proves it: the way along the meridian and then along a parallel is never shorter.

    False says nothing; ask `distance_m` then.
    """
    return (abs(lat_b - lat_a) + abs(lng_b - lng_a)) * METRES_PER_DEGREE <= within_m


def bearing_deg(lat_a: float, lng_a: float, lat_b: float, lng_b: float) -> float:
    """Initial heading from a to b, clockwise from north, in [0, 360); 0 when the two are the same point."""
    phi_a, phi_b, turn = radians(lat_a), radians(lat_b), radians(lng_b - lng_a)
    east = sin(turn) * cos(phi_b)
    north = cos(phi_a) * sin(phi_b) - sin(phi_a) * cos(phi_b) * cos(turn)
    return degrees(atan2(east, north)) % 360.0 % 360.0  # twice: -1e-17 % 360 is 360.0 itself


def moved(lat: float, lng: float, heading_deg: float, by_m: float) -> tuple[float, float]:
    """(lat, lng) after travelling `by_m` on a great circle from the point; longitude normalised to [-180, 180)."""
    phi, way, arc = radians(lat), radians(heading_deg), by_m / EARTH_RADIUS_M
    phi_to = asin(max(-1.0, min(1.0, sin(phi) * cos(arc) + cos(phi) * sin(arc) * cos(way))))
    turn = atan2(sin(way) * sin(arc) * cos(phi), cos(arc) - sin(phi) * sin(phi_to))
    return degrees(phi_to), (lng + degrees(turn) + 180.0) % 360.0 - 180.0
