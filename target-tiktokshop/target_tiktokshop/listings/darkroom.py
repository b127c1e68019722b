"""Turns and scales pictures that the platform would not take as they are; only where the setting lets it."""

from __future__ import annotations

import io
from threading import Lock
from typing import TYPE_CHECKING

from tiktokshop_client.errors import ConfigurationError

from target_tiktokshop.listings.sources import PictureError

if TYPE_CHECKING:
    from PIL.Image import Image

MOST_PIXELS = 100_000_000
"""A picture of more takes too much memory to be worked on."""
QUALITY = 90
SMALLER = 0.8
UPRIGHT = 1
ORIENTATION = 0x0112
_one_at_a_time = Lock()


def check_installed() -> None:
    """Looks for the library, before a run begins.

    Raises:
        ConfigurationError: It is not installed.
    """
    try:
        import PIL.Image  # noqa: F401, PLC0415 - an extra
    except ImportError:
        raise ConfigurationError(
            "the setting convert_images needs the extra pictures of target-tiktokshop, which is not installed: in a "
            "clone, pip install './target-tiktokshop[pictures]'"
        ) from None


def developed(content: bytes, low: int, high: int, most: int) -> bytes:
    """A picture upright and within bounds; its own bytes if it is so already.

    Args:
        content: Its file.
        low: How many pixels the shorter side must have.
        high: How many the longer side may have.
        most: How many bytes it may have.

    Raises:
        PictureError: It cannot be read, or cannot be brought within bounds.
    """
    from PIL import Image, ImageOps  # noqa: PLC0415 - an extra

    with _one_at_a_time:
        try:
            with Image.open(io.BytesIO(content)) as picture:
                lies = picture.getexif().get(ORIENTATION, UPRIGHT) != UPRIGHT
                factor = _factor(picture, low, high)
                if not lies and factor == 1 and len(content) <= most:
                    return content
                upright = ImageOps.exif_transpose(picture)
                return _saved(upright, factor, low, most)
        except PictureError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever the library finds wrong with it
            raise PictureError(f"cannot be turned or scaled ({type(error).__name__})") from None


def _factor(picture: Image, low: int, high: int) -> float:
    """By how much a picture must grow or shrink."""
    short, long = sorted(picture.size)
    if short * long > MOST_PIXELS:
        raise PictureError("cannot be scaled: it has more than 100 million pixels")
    factor = max(1.0, low / short) if short < low else min(1.0, high / long)
    if short * factor < low - 1 or long * factor > high + 1:
        raise PictureError(
            f"has {picture.width} x {picture.height} pixels, which no scaling brings to {low} to {high:,}"
        )
    return factor


def _saved(picture: Image, factor: float, low: int, most: int) -> bytes:
    """A picture as a file that is small enough: a JPEG, or a PNG if it is transparent somewhere."""
    clear = picture.mode in {"RGBA", "LA", "PA"} or "transparency" in picture.info
    plain = picture.convert("RGBA" if clear else "RGB")
    while True:
        # both ends are kept to: 300 pixels are 300, not 299
        size = (max(low, round(plain.width * factor)), max(low, round(plain.height * factor)))
        shown = plain if size == plain.size else plain.resize(size, resample=3)
        file = io.BytesIO()
        if clear:
            shown.save(file, "PNG", optimize=True)
        else:
            shown.save(file, "JPEG", quality=QUALITY)
        if file.tell() <= most:
            return file.getvalue()
        factor *= SMALLER
        if min(plain.size) * factor < low:
            raise PictureError("has more than 10 MB, whatever its size")
