"""A letter in as many characters as a provider takes. Pure.

Providers count UTF-16 code units: an emoji is two or more of them.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Final

from services.alerts.letter import Letter

_ELLIPSIS: Final = "…"
_ZERO_WIDTH_JOINER: Final = "\u200d"
# At most so many characters are given up for the sake of a whole word, or of a whole cluster of marks.
_WORD = 40
_CLUSTER = 16


@dataclass(frozen=True, slots=True)
class Fitted:
    """What is left: `title` and `body`, a line break between them, are within the limit. `body` ends with the link."""

    title: str
    body: str

    @property
    def text(self) -> str:
        return f"{self.title}\n{self.body}" if self.body else self.title


def fitted(letter: Letter, *, most_units: int) -> Fitted:
    """The letter within `most_units`. What is too long is cut at its end, the link is kept whole or left out."""
    title = cut(clean(letter.title).strip(), most_units)
    room = most_units - units(title) - 1
    link = clean(letter.link or "")
    if units(link) > room:
        link = ""
    text = "\n".join(clean(line) for line in letter.lines)
    body = cut(text, max(0, room - (units(link) + 1 if link else 0)))
    return Fitted(title, "\n".join(part for part in (body, link) if part))


def units(text: str) -> int:
    """The length in UTF-16 code units. No lone surrogates in `text`."""
    return len(text.encode("utf-16-le")) // 2


def clean(text: str) -> str:
    """The text as it can be encoded: surrogates in pairs are what they stand for, lone ones are replaced."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").replace("\x00", "")


def cut(text: str, most_units: int) -> str:
    """The text, or its beginning and an ellipsis: whole words if that costs little, no half characters in any case."""
    if units(text) <= most_units:
        return text
    if most_units < 1:
        return ""
    end = _prefix(text, most_units - 1)
    blank = max(text.rfind(" ", max(0, end - _WORD), end + 1), text.rfind("\n", max(0, end - _WORD), end + 1))
    end = blank if blank > 0 else _cluster_start(text, end)
    return text[:end].rstrip() + _ELLIPSIS


def _prefix(text: str, most_units: int) -> int:
    """How many characters from the beginning are within the limit."""
    used = 0
    for index, character in enumerate(text):
        used += 2 if ord(character) > 0xFFFF else 1
        if used > most_units:
            return index
    return len(text)


def _cluster_start(text: str, end: int) -> int:
    """The last place up to `end` at which no character is torn from its marks."""
    for place in range(end, max(0, end - _CLUSTER), -1):
        if not _belongs_to_previous(text, place):
            return place
    return end


def _belongs_to_previous(text: str, place: int) -> bool:
    character, previous = text[place], text[place - 1]
    if unicodedata.category(character)[0] == "M" or character == _ZERO_WIDTH_JOINER or previous == _ZERO_WIDTH_JOINER:
        return True
    # Skin tones follow the emoji they colour; flags are pairs of letters.
    if "\U0001f3fb" <= character <= "\U0001f3ff":
        return True
    return _is_flag_letter(character) and _flag_letters_before(text, place) % 2 == 1


def _is_flag_letter(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _flag_letters_before(text: str, place: int) -> int:
    first = place
    while first > 0 and _is_flag_letter(text[first - 1]):
        first -= 1
    return place - first
