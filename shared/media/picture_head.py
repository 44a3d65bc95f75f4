"""What a picture says of itself before it is decoded. For bytes from strangers: nothing large is made of them."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass

from PIL import Image

from shared.domain.errors import UserError

MAX_PIXELS = 50_000_000
MAX_SIDE = 32_000
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF")

_REMEDY = f"send one of {', '.join(FORMATS)}"


class UnreadablePicture(UserError):
    """Bytes that are no picture, or one that will not be looked at."""


@dataclass(frozen=True, slots=True)
class PictureHead:
    """`width` × `height` pixels as stored, before any rotation the picture asks for."""

    format: str
    width: int
    height: int


def picture_head(data: bytes, *, field: str = "photo") -> PictureHead:
    """Read the header alone.

    Raises `UnreadablePicture`, naming `field`, for no bytes, for what is no picture, and for one with more than
    50 megapixels or an absurdly long side.
    """
    with opened(data, field=field) as image:
        return PictureHead(str(image.format), image.width, image.height)


def opened(data: bytes, *, field: str) -> Image.Image:
    """The picture with its header read and nothing decoded; raises as `picture_head` does."""
    if not data:
        raise UnreadablePicture(field, "is empty", remedy=_REMEDY)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(data), formats=FORMATS)
    except Image.DecompressionBombError:
        raise _too_large(field, "has far") from None
    except Exception as error:  # boundary: the readers of hostile headers raise whatever goes wrong in them
        raise UnreadablePicture(field, "is not a picture that can be read", remedy=_REMEDY) from error
    if image.width * image.height > MAX_PIXELS:
        raise _too_large(field, f"is {image.width}×{image.height} pixels,")
    if max(image.size) > MAX_SIDE:
        raise UnreadablePicture(
            field, f"is {image.width}×{image.height} pixels", remedy=f"send one of at most {MAX_SIDE} pixels a side"
        )
    return image


def _too_large(field: str, what: str) -> UnreadablePicture:
    return UnreadablePicture(
        field, f"{what} more than {MAX_PIXELS // 1_000_000} megapixels", remedy="send a smaller one"
    )
