"""Pictures as answers."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from flask import Request, Response


def picture_response(
    picture: bytes, request: Request, *, taken_at: datetime | None = None, content_type: str = "image/jpeg"
) -> Response:
    """The picture with an ETag of its content, or 304 when the client has it already.

    `taken_at` goes out as `Last-Modified`, and to the millisecond as `X-Captured-At`.
    """
    response = Response(picture, content_type=content_type)
    response.set_etag(hashlib.sha256(picture).hexdigest()[:32])
    # Private and asked anew each time: the permission to see it may have been taken back.
    response.headers["Cache-Control"] = "private, no-cache"
    if taken_at is not None:
        at = taken_at.astimezone(UTC)
        response.last_modified = at
        response.headers["X-Captured-At"] = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    response.make_conditional(request)
    return response
