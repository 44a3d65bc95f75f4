"""Opaque places in a list that is sorted by time and id, newest first."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from shared.domain.errors import UserError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last row of a page: the next page begins after it."""

    at: datetime
    id: int | str

    def text(self) -> str:
        microseconds = (self.at - _EPOCH) // timedelta(microseconds=1)
        return base64.urlsafe_b64encode(f"{microseconds}|{self.id}".encode()).decode().rstrip("=")

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """Raises `UserError` on the field `cursor`."""
        try:
            raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii")
            microseconds, _, name = raw.partition("|")
            at = _EPOCH + timedelta(microseconds=int(microseconds[:20]))
            if not name or len(name) > 40 or not name.replace("-", "").isalnum():
                raise ValueError
        except (ValueError, binascii.Error, OverflowError):
            raise UserError("cursor", "is not one that was given out", remedy="leave it out to begin anew") from None
        return cls(at=at, id=name)

    @property
    def number(self) -> int:
        """The id where ids are numbers. Raises `UserError` where this one is not."""
        text = str(self.id)
        if not text.isdigit() or len(text) > 18:
            raise UserError("cursor", "is not one that was given out", remedy="leave it out to begin anew")
        return int(text)
