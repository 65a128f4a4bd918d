"""A rectangle of latitudes and longitudes, as map viewports are; it may cross the 180° meridian."""

import msgspec

WIDEST_CROSSING_DEG = HALF_TURN_DEG = 180.0


class Box(msgspec.Struct, frozen=True):
    """Edges in degrees, all inclusive. `west` greater than `east` means the box crosses the 180° meridian."""

    west: float
    south: float
    east: float
    north: float

    def holds(self, lat: float, lng: float) -> bool:
        """Whether the point is inside or on an edge; 180 and -180 are the same meridian."""
        if not self.south <= lat <= self.north:
            return False
        return self._spans(lng) or (abs(lng) == HALF_TURN_DEG and self._spans(-lng))

    def _spans(self, lng: float) -> bool:
        if self.west <= self.east:
            return self.west <= lng <= self.east
        return lng >= self.west or lng <= self.east

    @property
    def width_deg(self) -> float:
        """Extent in longitude, 0 to 360."""
        width = self.east - self.west
        return width if width >= 0 else width + 360.0


def check_box(west: float, south: float, east: float, north: float) -> Box | str:
    """The box, or why there is none. A crossing wider than half the globe reads as swapped edges."""
    if not (-90.0 <= south <= 90.0 and -90.0 <= north <= 90.0):
        return "latitudes must lie between -90 and 90"
    if not (-180.0 <= west <= 180.0 and -180.0 <= east <= 180.0):
        return "longitudes must lie between -180 and 180"
    if not south < north:
        return "south must be less than north"
    box = Box(west, south, east, north)
    if not box.width_deg or (west > east and box.width_deg > WIDEST_CROSSING_DEG):
        return "west must be less than east, unless the box crosses the 180° meridian"
    return box
