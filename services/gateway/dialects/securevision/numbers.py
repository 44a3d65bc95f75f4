"""Whole numbers of an address: digits alone, though a number could be written in other ways, too."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import BeforeValidator

_DIGITS: Final = re.compile("[0-9]+")
_SIGNED_DIGITS: Final = re.compile("-?[0-9]+")


def _written_in(form: re.Pattern[str]) -> BeforeValidator:
    def check(value: object) -> object:
        if isinstance(value, str) and form.fullmatch(value) is None:
            raise ValueError("must be a whole number, written in digits alone")
        return value

    return BeforeValidator(check)


WholeNumber = Annotated[int, _written_in(_DIGITS)]
"""From 0 on."""

Id = Annotated[int, _written_in(_SIGNED_DIGITS)]
"""The number of something; a negative one is understood, and belongs to nothing."""
