"""How often something may happen, as operators write it."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

_MOST = 100_000
_FORM = re.compile(r"(\d{1,9})\s*(?:/|per)\s*(?:(\d{1,4})\s*)?(second|minute|hour|day)s?", re.IGNORECASE)
_EXPECTED = (
    f"a number per hour, or such as '1000 per hour', '10/second', '500 per 15 minutes'; up to {_MOST}; 0: no limit"
)


def _rate(value: object) -> str:
    """The canonical form: `1000 per hour`, `500 per 15 minute`, or nothing for no limit."""
    text = "" if value is None else str(value).strip()
    if text.isdecimal():
        text = f"{text} per hour"
    if not text:
        return ""
    match = _FORM.fullmatch(text)
    if isinstance(value, bool) or match is None or int(match[1]) > _MOST or match[2] in ("0", "00", "000", "0000"):
        raise PydanticCustomError("rate", f"must be {_EXPECTED}")
    if int(match[1]) == 0:
        return ""
    several = f"{int(match[2])} " if match[2] is not None and int(match[2]) != 1 else ""
    return f"{int(match[1])} per {several}{match[3].lower()}"


Rate = Annotated[str, BeforeValidator(_rate), WithJsonSchema({"type": "string", "examples": ["1000 per hour"]})]
"""So many in a time; empty: any number."""
