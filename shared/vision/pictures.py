"""Pictures as arrays: from bytes of any origin, and parts of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from shared.domain.box import Box
from shared.media.picture_head import UnreadablePicture, opened

_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SIXTEEN_BITS = ("I", "I;16", "I;16B", "I;16L", "I;16N")


def open_picture(data: bytes, *, field: str = "photo") -> NDArray[np.uint8]:
    """A picture file → [height, width, 3] BGR, upright as its EXIF says, over white where it is transparent.

    Of an animation, its first frame. Greys, palettes, CMYK and 16 bits a channel become 8 bits of BGR. Nothing is
    decoded before the header was checked. Raises `UnreadablePicture`, naming `field`, for no bytes, for what is
    no picture, is broken off, or is larger than is looked at.
    """
    image = opened(data, field=field)
    try:
        image.load()
        upright = _upright(image)
        return np.ascontiguousarray(np.asarray(_rgb(upright), np.uint8)[:, :, ::-1])
    except UnreadablePicture:
        raise
    except Exception as error:  # boundary: the decoders of hostile bytes raise whatever goes wrong in them
        reason = " ".join(str(error).split())[:120] or type(error).__name__
        raise UnreadablePicture(field, f"is damaged or broken off ({reason})", remedy="send it again") from error


def cut(picture: NDArray[np.uint8], box: Box, *, margin: float = 0.0) -> tuple[NDArray[np.uint8], tuple[int, int]]:
    """The part of a picture inside a box grown by a share of its sides, and the (x, y) of its left-top pixel.

    A view, not a copy; of no size when nothing of the box lies in the picture.
    """
    height, width = picture.shape[:2]
    dx, dy = box.width * margin, box.height * margin
    grown = Box(box.x1 - dx, box.y1 - dy, box.x2 + dx, box.y2 + dy).clipped(width, height)
    x1, y1, x2, y2 = (round(value) for value in grown.as_xyxy())
    return picture[y1:y2, x1:x2], (x1, y1)


def _upright(image: Image.Image) -> Image.Image:
    try:
        turn = _TURNS.get(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # noqa: BLE001 – a picture with broken EXIF is still a picture
        turn = None
    return image.transpose(turn) if turn is not None else image


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode in _SIXTEEN_BITS:
        grey = np.clip(np.asarray(image).astype(np.int64), 0, 65_535) >> 8
        return Image.fromarray(grey.astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        solid = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", solid.size, "white"), solid).convert("RGB")
    return image if image.mode == "RGB" else image.convert("RGB")
