"""Labels of presences, as conditions name them."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field, PlainSerializer

MAX_LABELS: Final = 128

Label = Annotated[str, Field(min_length=1, max_length=64)]
Labels = Annotated[frozenset[Label], Field(max_length=MAX_LABELS), PlainSerializer(sorted)]
