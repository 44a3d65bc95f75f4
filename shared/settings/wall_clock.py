"""Times of day and time zones, as operators write them."""

from __future__ import annotations

import re
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


def _clock(value: object) -> str:
    # YAML reads 17:30 without quotes as a number of base 60.
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1440:
        return f"{value // 60:02d}:{value % 60:02d}"
    if not (isinstance(value, str) and _CLOCK.fullmatch(value)):
        raise PydanticCustomError("clock", "must be a time of day such as 07:00")
    return value


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise PydanticCustomError("zone", "must be an IANA time zone such as Europe/Paris") from None
    return name


ClockTime = Annotated[str, BeforeValidator(_clock), WithJsonSchema({"type": "string", "examples": ["07:00"]})]
TimeZone = Annotated[str, AfterValidator(_zone)]
