"""Words of people and of models, tamed: what they wrote stays on one line and looks like what it is. Pure."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

# Blanks that must not break a line stay: French has them before its colons.
_BLANKS: Final = re.compile(r"[ \t-\r\x1c-\x1f\x85\u2028\u2029]+")
# Characters that turn the direction of text around make one message look like another.
_TURNING: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def one_line(text: str) -> str:
    """The text with single blanks, without control characters, halves of characters and turned directions."""
    kept = (each for each in _BLANKS.sub(" ", text) if unicodedata.category(each) not in ("Cc", "Cs"))
    return re.sub(" +", " ", "".join(each for each in kept if each not in _TURNING)).strip(" ")
