"""Names and ids as clients write them."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from shared.domain.ids import is_slug


def _slug(text: str) -> str:
    if not is_slug(text):
        raise ValueError("must be 1–64 letters, digits, _ or -, beginning with a letter or digit")
    return text


# What a schema cannot say by a pattern has a format that the description explains.
Slug = Annotated[str, Field(json_schema_extra={"pattern": "^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"}), AfterValidator(_slug)]
Place = Annotated[str, Field(max_length=128, json_schema_extra={"format": "cursor"})]
"""A `next_cursor` that was given out."""
