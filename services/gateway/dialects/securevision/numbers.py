"""Whole numbers of an address: digits alone, though a number could be written in other ways, too."""

from __future__ import annotations

import re
from typing import Final

from pydantic import BeforeValidator


def _written_in(form: re.Pattern[str]) -> BeforeValidator:
    def check(value: object) -> object:
        if isinstance(value, str) and form.fullmatch(value) is None:
            raise ValueError("must be a whole number, written in digits alone")
        return value

    return BeforeValidator(check)


# To stand behind a `Field` with the bounds: before it, they would be missing in the document.
DIGITS: Final = _written_in(re.compile("[0-9]+"))
SIGNED_DIGITS: Final = _written_in(re.compile("-?[0-9]+"))
"""For the number of something: a negative one is understood, and belongs to nothing."""
