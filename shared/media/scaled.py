"""Pictures made small enough to be sent to somebody."""

from __future__ import annotations

import io
from typing import Final

from PIL import Image, ImageOps

from shared.media.picture_head import UnreadablePicture, opened

_QUALITIES: Final = (85, 70, 55, 40)


def fitting_jpeg(data: bytes, *, max_side: int, max_bytes: int) -> bytes:
    """The picture as a JPEG of at most `max_side` pixels on its longer side and `max_bytes`.

    A JPEG that fits is given back as it is; anything else is decoded and written anew, as coarse as it has to be.
    Raises `UnreadablePicture` for what is no picture, and for one that does not fit at any quality.
    """
    with opened(data, field="picture") as image:
        if image.format == "JPEG" and max(image.size) <= max_side and len(data) <= max_bytes:
            return data
        small = _small(image, max_side)
    for quality in _QUALITIES:
        written = io.BytesIO()
        small.save(written, "JPEG", quality=quality)
        if written.tell() <= max_bytes:
            return written.getvalue()
    raise UnreadablePicture("picture", f"does not fit into {max_bytes} bytes")


def _small(image: Image.Image, max_side: int) -> Image.Image:
    try:
        # A JPEG is decoded at the least of its scales that is large enough: much quicker than in full.
        image.draft("RGB", (max_side, max_side))
        upright = ImageOps.exif_transpose(image).convert("RGB")
        upright.thumbnail((max_side, max_side), Image.Resampling.BILINEAR, reducing_gap=2.0)
    except Exception as error:  # boundary: the decoders raise whatever goes wrong in them
        raise UnreadablePicture("picture", "cannot be decoded") from error
    return upright
