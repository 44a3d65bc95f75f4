"""Which pixels have the colours of flames.

Sources: T.-H. Chen, P.-H. Wu, Y.-C. Chiou, "An early fire-detection method based on image processing", ICIP 2004
(red leads, and the redder the less saturated it needs to be); T. Çelik, H. Demirel, "Fire detection in video
sequences using a generic color model", Fire Safety Journal 44 (2009), 147–158 (relations of Y, Cb and Cr). Both
describe flames a sensor can still resolve. By night, and on sensors that see near infrared, the body of a flame
is over-exposed to white or pink and only its rim has colour: hence `hot` and `pink`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]

_RED_LEAST: Final = 135
_SATURATION_AT_LEAST_RED: Final = 0.55
_CHROMA_GAP: Final = 40
_BRIGHT: Final = 218
_COOL: Final = 12
_GLOW: Final = 200
_PINK_LEAD: Final = 18


@dataclass(frozen=True, slots=True, eq=False)
class FlameColour:
    """Masks [height, width] of one picture: `flame` resolved flame, `pink` flame as infrared-sensitive sensors show
    it, `hot` over-exposed."""

    flame: Mask
    pink: Mask
    hot: Mask


def flame_colour(bgr: NDArray[np.uint8]) -> FlameColour:
    """The colours of flames in a picture [height, width, 3] BGR."""
    blue, green, red = (bgr[..., channel].astype(np.int16) for channel in range(3))
    least = bgr.min(axis=2)
    saturation = 1 - least.astype(np.float32) / np.maximum(red, 1)
    chen = (red > _RED_LEAST) & (red >= green) & (green > blue)
    chen &= saturation >= (255 - red) * (_SATURATION_AT_LEAST_RED / _RED_LEAST)
    ycrcb = cv2.cvtColor(bgr, cv2.COLOR_BGR2YCrCb).astype(np.int16)
    luma, cr, cb = (ycrcb[..., channel] for channel in range(3))
    celik = (luma > cb) & (cr > cb) & (np.abs(cb - cr) >= _CHROMA_GAP)
    pink = (red > _GLOW) & (red - np.maximum(green, blue) >= _PINK_LEAD) & (least > _RED_LEAST // 2)
    hot = (luma >= _BRIGHT) & (red >= blue - _COOL)
    return FlameColour(chen & celik, pink, hot)
