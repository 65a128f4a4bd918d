"""Pictures of strangers: only pixels get through, in the sizes that are wanted, at a bounded price."""

import io
import struct
import zlib
from typing import Any

import msgspec
import pytest
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from api.errors import Refused
from api.images.press import Press
from api.images.rules import LIMITS, Picture, Wanted

FULL, SMALL = Wanted("full", 640), Wanted("small", 100)
ORIENTATION, GPS, MAKE = 0x0112, 0x8825, 0x010F


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    """The image as a file."""
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def striped() -> Image.Image:
    """A picture whose left half is red and whose right half is blue."""
    image = Image.new("RGB", (800, 400), (220, 20, 20))
    image.paste((20, 20, 220), (400, 0, 800, 400))
    return image


def located() -> Image.Exif:
    """EXIF as phones write it: a place, a maker, and a picture lying on its side."""
    exif = Image.Exif()
    exif[ORIENTATION], exif[MAKE] = 6, "SecretPhone"
    exif.get_ifd(GPS).update({1: "N", 2: (IFDRational(14), IFDRational(35), IFDRational(58))})
    return exif


async def pressed(data: bytes, *wanted: Wanted) -> tuple[Picture, ...]:
    """The pictures; a refusal fails the test."""
    outcome = await Press()(data, wanted or (FULL, SMALL))
    assert not isinstance(outcome, Refused), outcome
    return outcome


async def code(data: bytes, **limits: Any) -> str:
    """The code of the refusal."""
    outcome = await Press(msgspec.structs.replace(LIMITS, **limits))(data, (SMALL,))
    assert isinstance(outcome, Refused), "it was taken"
    return outcome.code


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
async def test_the_wanted_sizes_come_in_the_wanted_order(kind: str) -> None:
    """Proportions stay, nothing grows, and what comes is WebP whatever went in."""
    full, small = await pressed(encoded(striped(), kind), FULL, SMALL)
    assert ("full", 640, 320, "small", 100, 50) == (
        full.name, full.width, full.height, small.name, small.width, small.height
    )
    again = Image.open(io.BytesIO(full.data))
    assert ("WEBP", (640, 320)) == (again.format, again.size)
    tiny = (await pressed(encoded(Image.new("RGB", (10, 8)), kind), FULL))[0]
    assert (10, 8) == (tiny.width, tiny.height)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
async def test_a_picture_is_turned_upright_and_says_nothing_of_its_place(kind: str) -> None:
    """The EXIF orientation is applied; then place, maker, comments and profiles are gone from the bytes."""
    data = encoded(striped(), kind, exif=located())
    assert b"SecretPhone" in data
    full = (await pressed(data, FULL))[0]
    assert (320, 640) == (full.width, full.height)
    again = Image.open(io.BytesIO(full.data)).convert("RGB")
    top, bottom = again.getpixel((160, 40)), again.getpixel((160, 600))
    assert isinstance(top, tuple)
    assert isinstance(bottom, tuple)
    assert (True, True) == (top[0] > 150 > top[2], bottom[2] > 150 > bottom[0])
    assert {} == dict(Image.open(io.BytesIO(full.data)).getexif())
    assert [] == [mark for mark in (b"EXIF", b"ICCP", b"XMP ", b"SecretPhone") if mark in full.data]


async def test_what_is_clear_stays_clear() -> None:
    """Transparency gets through, from a palette as well."""
    clear = Image.new("RGBA", (60, 60), (0, 0, 0, 0))
    for data in (encoded(clear, "PNG"), encoded(clear.convert("P"), "GIF", transparency=0)):
        small = (await pressed(data, SMALL))[0]
        assert 0 == Image.open(io.BytesIO(small.data)).convert("RGBA").getpixel((30, 30))[3]  # type: ignore[index]


async def test_the_kind_is_found_in_the_content() -> None:
    """Names and claims count for nothing: pages, vector drawings, programs, and formats nobody needs are refused."""
    for data in (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", b"<html><script>1</script>",
                 b"%PDF-1.7", b"MZ" + bytes(200), encoded(striped(), "BMP"), encoded(striped(), "TIFF"), b"no"):
        assert "unsupported_media_type" == await code(data)
    assert "bad_image" == await code(b"")


def huge_png(width: int, height: int) -> bytes:
    """A PNG of black pixels, so small a file for so many of them that only its head gives it away."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(bytes(1 + (width + 7) // 8)) for _ in range(height)) + packer.flush()
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


async def test_a_bomb_is_refused_before_it_is_decoded() -> None:
    """More pixels than a camera has, in all or along a side, are refused by the head of the file."""
    bomb = huge_png(16_000, 16_000)
    assert len(bomb) < 100_000
    assert ["too_large", "too_large"] == [await code(bomb), await code(huge_png(17_000, 2))]
    assert "too_large" == await code(encoded(striped(), "PNG"), most_bytes=100)


async def test_a_picture_that_costs_too_much_ends_its_process_alone() -> None:
    """Memory beyond the limit is a refusal, waiting beyond it one to try again; the next picture is none the worse."""
    data = encoded(Image.new("RGB", (6000, 6000)), "PNG")
    assert "unavailable" == await code(data, within_s=0.01)
    assert "bad_image" == await code(data, memory_bytes=120 * 1024 * 1024)
    assert 100 == (await pressed(encoded(striped(), "JPEG"), SMALL))[0].width


async def test_a_damaged_picture_is_refused() -> None:
    """Cut off or scrambled in the middle: no picture comes of it, and the refusal says so."""
    for kind in ("JPEG", "PNG", "WEBP"):
        data = encoded(striped(), kind)
        assert "bad_image" == await code(data[: len(data) // 2])
