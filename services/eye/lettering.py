"""Names in letters that OpenCV has not, written with a font of the machine."""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

_FOLDERS: Final = ("/usr/share/fonts", "/usr/local/share/fonts", "/Library/Fonts", "C:/Windows/Fonts")
_KINDS: Final = frozenset({".ttf", ".otf", ".ttc"})
_MOST_FONTS: Final = 64
_MOST_LETTERS: Final = 48
_MISSING: Final = "\U0010fffe"
"""No character: a font shows for it what it shows for whatever it lacks."""


@lru_cache(maxsize=256)
def lettering(text: str, height: int) -> NDArray[np.uint8] | None:
    """The text [h, w] uint8, how much each pixel is covered; None where no font of the machine has all its letters.

    `height` is that of a letter in pixels. The first call for a text looks through the fonts, which blocks.
    """
    text = " ".join(text.split())[:_MOST_LETTERS]
    for file in _fonts():
        try:
            font = ImageFont.truetype(str(file), height)
            if _has_letters(font, text):
                return _written(font, text)
        except (OSError, RuntimeError, ValueError):  # no font after all, or one that chokes on this text
            continue
    return None


@cache
def _fonts() -> tuple[Path, ...]:
    """Plain ones first; those that are installed later are not seen."""
    found = [file for folder in _FOLDERS for file in Path(folder).rglob("*") if file.suffix.lower() in _KINDS]
    return tuple(sorted(found, key=_oddness)[:_MOST_FONTS])


def _oddness(file: Path) -> tuple[bool, bool, int, str]:
    name = file.stem.lower()
    return ("sans" not in name, "mono" in name, len(name), name)


def _has_letters(font: ImageFont.FreeTypeFont, text: str) -> bool:
    missing = bytes(font.getmask(_MISSING))
    return all(bytes(font.getmask(letter)) != missing for letter in set(text) if not letter.isspace())


def _written(font: ImageFont.FreeTypeFont, text: str) -> NDArray[np.uint8]:
    left, top, right, bottom = (round(side) for side in font.getbbox(text))
    picture = Image.new("L", (max(1, right - left), max(1, bottom - top)))
    ImageDraw.Draw(picture).text((-left, -top), text, fill=255, font=font)
    return np.asarray(picture, np.uint8)
