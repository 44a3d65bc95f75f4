"""The characters of plates, and which of them each character of a recogniser's alphabet stands for."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
DIGITS = "0123456789"
PROVINCES = "京沪津渝冀晋蒙辽吉黑苏浙皖闽赣鲁豫鄂湘粤桂琼川贵云藏陕甘青宁新"
ENDINGS = "学警港澳挂使领"
"""What a Chinese plate may end with instead of a letter or digit."""
SYMBOLS = LETTERS + DIGITS + PROVINCES + ENDINGS

# Cyrillic and Greek capitals that look like Latin ones; Russian plates use only such.
_TWINS = dict(zip("АВЕКМНОРСТУХІЅЈΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEKMHOPCTYXISJABEZHIKMNOPTYX", strict=True))
_TRADITIONAL = dict(zip("滬冀晉遼蘇閩贛魯粵瓊貴雲陝甘寧學", "沪冀晋辽苏闽赣鲁粤琼贵云陕甘宁学", strict=True))
# A small l is drawn as I and 1 are, not as L.
_OWN = {"l": "I", **_TWINS, **_TRADITIONAL}


def symbol(char: str) -> str | None:
    """The plate character that `char` stands for, "" for what separates, None for what no plate has."""
    if char in _OWN:
        return _OWN[char]
    if char in SYMBOLS:
        return char
    if not char.strip() or unicodedata.category(char[0])[0] in "PSZCM" or unicodedata.category(char[0]) == "No":
        return ""
    base = unicodedata.normalize("NFKD", char)[0].upper()
    base = _OWN.get(base, base)
    return base if base in SYMBOLS else None


class Folding:
    """Folds a recogniser's classes, of which the first is CTC's blank, to those of plates.

    `characters[i]` is what class i + 1 stands for.
    """

    def __init__(self, characters: Sequence[str]) -> None:
        columns: dict[str, list[int]] = {char: [] for char in SYMBOLS}
        separators: list[int] = []
        for number, char in enumerate(characters, start=1):
            meant = symbol(char)
            if meant == "":
                separators.append(number)
            elif meant is not None:
                columns[meant].append(number)
        self._columns = [np.array(columns[char], np.intp) for char in SYMBOLS]
        self._separators = np.array(separators, np.intp)

    def fold(self, chances: NDArray[np.float32]) -> NDArray[np.float32]:
        """[time, classes] → [time, 3 + symbols]: blank, separator, unknown, then `SYMBOLS`."""
        folded = np.zeros((len(chances), 3 + len(SYMBOLS)), np.float32)
        folded[:, 0] = chances[:, 0]
        folded[:, 1] = chances[:, self._separators].sum(axis=1)
        for number, columns in enumerate(self._columns, start=3):
            if len(columns):
                folded[:, number] = chances[:, columns].sum(axis=1)
        folded[:, 2] = np.clip(1.0 - folded.sum(axis=1), 0.0, 1.0)
        return folded
