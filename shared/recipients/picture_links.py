"""Signed links to the pictures of events, for apps that fetch pictures themselves and can say no password.

Whoever has the link sees the picture, until it ends; nothing is stored of it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from shared.domain.errors import NotFound

PATH: Final = "/p/"
"""Where the gateway gives the pictures out; event, end and signature follow, and `.jpg`."""

VALID_FOR: Final = timedelta(days=30)
_SIGNATURE_BYTES = 16


@dataclass(frozen=True, slots=True)
class PictureLinks:
    """Makes links and reads them. `key` is the installation's for this purpose."""

    key: bytes
    public_url: str | None

    def link_to(self, event_id: str, *, now: datetime) -> str | None:
        """The address of an event's picture; None where it could not be reached over HTTPS."""
        if not self.public_url or not self.public_url.startswith("https://"):
            return None
        ends_s = int((now + VALID_FOR).timestamp())
        return f"{self.public_url.rstrip('/')}{PATH}{event_id}/{ends_s}/{self._signature(event_id, ends_s)}.jpg"

    def read(self, event_id: str, ends_s: str, signature: str, *, now: datetime) -> str:
        """The event whose picture may be seen. Raises `NotFound` for a link that was not given out, or has ended."""
        if ends_s.isascii() and ends_s.isdecimal() and len(ends_s) <= 12 and signature.isascii():
            right = hmac.compare_digest(self._signature(event_id, int(ends_s)), signature)
            if right and now.timestamp() < int(ends_s):
                return event_id
        raise NotFound("link", "is not one that was given out, or has ended")

    def _signature(self, event_id: str, ends_s: int) -> str:
        digest = hmac.digest(self.key, f"{event_id}/{ends_s}".encode(), hashlib.sha256)[:_SIGNATURE_BYTES]
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")
