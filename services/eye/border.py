"""The picture's border: where objects come from and where they go."""

from __future__ import annotations

from services.eye.motion import Motion
from shared.domain.box import Box

# A box this near the border (share of the picture's side) is cut by it.
_MARGIN = 0.01
# Slower than this (body lengths per second) is standing, whatever the box's flicker says.
_STANDING = 0.1


def touches(box: Box, frame_size: tuple[int, int]) -> bool:
    """Whether the picture's border cuts the box."""
    return any(_sides(box, frame_size))


def leaving(motion: Motion, frame_size: tuple[int, int]) -> bool:
    """Whether the object was last seen on its way out over the border it touches."""
    slow = _STANDING * motion.body
    outward = (motion.vx < -slow, motion.vy < -slow, motion.vx > slow, motion.vy > slow)
    return any(cut and out for cut, out in zip(_sides(motion.box, frame_size), outward, strict=True))


def _sides(box: Box, frame_size: tuple[int, int]) -> tuple[bool, bool, bool, bool]:
    """Left, top, right, bottom: which of the picture's sides cut the box."""
    width, height = frame_size
    margin_x, margin_y = _MARGIN * width, _MARGIN * height
    return (
        box.x1 <= margin_x,
        box.y1 <= margin_y,
        box.x2 >= width - margin_x,
        box.y2 >= height - margin_y,
    )
