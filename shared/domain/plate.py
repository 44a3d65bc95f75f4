"""Number plates as text."""

from __future__ import annotations

import unicodedata
from typing import Final, Literal, get_args

Listing = Literal["allow", "deny"]

LISTINGS: Final[tuple[str, ...]] = get_args(Listing)

_LETTERS = frozenset({"Lu", "Ll", "Lt", "Lo"})


def compact_plate(text: str) -> str:
    """The plate in capitals without anything but letters and digits: what plates are compared by.

    Letters of every script stay (京, Ж), other forms of the same one become it (full width, superscript), digits
    become 0–9. Applied again it changes nothing; for what stands on plates it is never longer than the text.
    """
    capitals = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).upper())
    # Once more at the end: what stood apart may now stand together as one letter (Hangul).
    return unicodedata.normalize("NFKC", "".join(map(_kept, capitals)))


def _kept(char: str) -> str:
    kind = unicodedata.category(char)
    if kind == "Nd":
        return str(unicodedata.decimal(char))
    return char if kind in _LETTERS else ""
