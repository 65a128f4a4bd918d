"""What a picture may be, and why one is refused. Pure: the price is known before anything is decoded."""

import msgspec

from api.errors import Refused

FORMATS = ("JPEG", "PNG", "WEBP", "GIF")  # found by content; of what moves, the first picture is kept
OUT_TYPE = "image/webp"
WEBP_LONGEST_PX = 16_383


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How much is read, decoded and waited for. 40 megapixels are 160 MB decoded. `cpu_s` is what a picture may cost,
    `within_s` how long that may take where others want the processor too."""

    most_bytes: int = 8 * 1024 * 1024
    most_pixels: int = 40_000_000
    longest_px: int = WEBP_LONGEST_PX
    cpu_s: int = 10
    within_s: float = 60.0
    memory_bytes: int = 1024 * 1024 * 1024


LIMITS = Limits()


class Wanted(msgspec.Struct, frozen=True):
    """A size to make: no side longer than this, the proportions kept, never larger than the original."""

    name: str
    longest_px: int
    quality: int = 82


class Picture(msgspec.Struct, frozen=True):
    """A picture made by us, pixels and nothing else, as `OUT_TYPE`."""

    name: str
    width: int
    height: int
    data: bytes


class Order(msgspec.Struct, frozen=True):
    """What a child is asked."""

    data: bytes
    wanted: tuple[Wanted, ...]
    limits: Limits = LIMITS
    field: str = "file"
    mark: str = ""  # written across the sizes of these names
    marked: tuple[str, ...] = ()


class Outcome(msgspec.Struct, frozen=True):
    """What a child answers: pictures, or a refusal."""

    pictures: tuple[Picture, ...] = ()
    refused: Refused | None = None


Pressed = tuple[Picture, ...] | Refused


def check_bytes(size: int, limits: Limits, field: str) -> Refused | None:
    """Too much, or nothing, to look at."""
    if not size:
        return Refused("bad_image", "The file is empty.", field)
    if size > limits.most_bytes:
        return Refused("too_large", f"The file has {size} bytes; {limits.most_bytes} may be.", field)
    return None


def check_pixels(width: int, height: int, limits: Limits, field: str) -> Refused | None:
    """Too much to decode, by what the file's head says."""
    if width * height > limits.most_pixels or max(width, height) > limits.longest_px:
        may_be = f"{limits.most_pixels} in all and {limits.longest_px} a side may be"
        told = f"The picture has {width} x {height} pixels; {may_be}."
        return Refused("too_large", told, field)
    return None


def unknown_kind(field: str) -> Refused:
    """None of the formats that are read."""
    return Refused("unsupported_media_type", "Send a JPEG, PNG, WebP or GIF picture.", field)


def broken(field: str) -> Refused:
    """It begins like a picture and is none."""
    return Refused("bad_image", "The picture is damaged or cut off and cannot be read.", field)


def too_costly(field: str) -> Refused:
    """It took more time or memory than any honest picture."""
    return Refused("bad_image", "The picture costs too much to read.", field)
