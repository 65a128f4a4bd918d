"""Bytes of anything into pictures of ours. Only pixels get through: no EXIF, no place, no profile, no comment.

Blocking, and fed by strangers: run it in a process that can be ended (child.py).
"""

import io
import warnings

from PIL import Image, ImageCms, ImageDraw, ImageFont, ImageOps, UnidentifiedImageError

from api.images.rules import FORMATS, Order, Picture, Pressed, broken, check_bytes, check_pixels, unknown_kind

_BROKEN = (OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, EOFError, OverflowError, ArithmeticError)
PLAIN_MODES = frozenset({"1", "P", "PA"})
ALPHA_MODES = frozenset({"RGBA", "LA", "PA", "RGBa", "La"})


def recode(order: Order) -> Pressed:
    """The sizes that are wanted, or why there are none."""
    refused = check_bytes(len(order.data), order.limits, order.field)
    if refused is not None:
        return refused
    warnings.simplefilter("ignore")  # Pillow's own bomb limit warns; ours below is the one that counts
    Image.MAX_IMAGE_PIXELS = None
    try:
        with Image.open(io.BytesIO(order.data), formats=FORMATS) as opened:
            refused = check_pixels(*opened.size, order.limits, order.field)
            return refused or _sizes(opened, order)
    except UnidentifiedImageError:
        return unknown_kind(order.field)
    except _BROKEN:
        return broken(order.field)


def _sizes(opened: Image.Image, order: Order) -> tuple[Picture, ...]:
    """From the largest to the smallest, each made of the one before."""
    wanted = order.wanted
    largest = max(each.longest_px for each in wanted)
    opened.draft("RGB", (largest, largest))  # a JPEG is decoded at a fraction where that is enough
    picture = _upright_and_plain(opened, largest)
    made = {}
    for each in sorted(wanted, key=lambda size: -size.longest_px):
        picture.thumbnail((each.longest_px, each.longest_px), Image.Resampling.LANCZOS)
        out = io.BytesIO()
        shown = _marked(picture, order.mark) if order.mark and each.name in order.marked else picture
        shown.save(out, "WEBP", quality=each.quality, method=4)
        made[each.name] = Picture(each.name, picture.width, picture.height, out.getvalue())
    return tuple(made[each.name] for each in wanted)


def _marked(picture: Image.Image, mark: str) -> Image.Image:
    """A copy with the words in its lower right, light on dark, as wide as a third of it."""
    copy = picture.convert("RGBA")
    layer = Image.new("RGBA", copy.size, (0, 0, 0, 0))
    pen = ImageDraw.Draw(layer)
    font = ImageFont.load_default(size=max(8, picture.width // (3 * max(4, len(mark))) * 2))
    _, _, right, bottom = pen.textbbox((0, 0), mark, font=font)
    place = (max(0, picture.width - right - picture.width // 40), max(0, picture.height - bottom - picture.width // 40))
    pen.text(place, mark, font=font, fill=(255, 255, 255, 170), stroke_width=1, stroke_fill=(0, 0, 0, 130))
    return Image.alpha_composite(copy, layer).convert(picture.mode)


def _upright_and_plain(opened: Image.Image, largest: int) -> Image.Image:
    """Decoded, turned as its EXIF says, in sRGB, with nothing around its pixels."""
    profile = opened.info.get("icc_profile")
    opened.load()
    mode = "RGBA" if opened.mode in ALPHA_MODES or "transparency" in opened.info else "RGB"
    picture = opened.convert(mode) if opened.mode in PLAIN_MODES else opened  # shades between two colours need names
    picture.thumbnail((largest, largest), Image.Resampling.LANCZOS, reducing_gap=3.0)
    plain = _in_srgb(ImageOps.exif_transpose(picture), profile).convert(mode)
    plain.info = {}
    return plain


def _in_srgb(picture: Image.Image, profile: object) -> Image.Image:
    """The colours its own profile means; as they are where that cannot be read."""
    if not isinstance(profile, bytes) or picture.mode not in ("RGB", "RGBA", "CMYK", "L"):
        return picture
    try:
        mode = "RGBA" if picture.mode == "RGBA" else "RGB"
        own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        turned = ImageCms.profileToProfile(picture, own, ImageCms.createProfile("sRGB"), outputMode=mode)
    except (ImageCms.PyCMSError, *_BROKEN):
        return picture
    return turned if isinstance(turned, Image.Image) else picture
