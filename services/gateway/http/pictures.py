"""JPEG answers."""

from __future__ import annotations

import hashlib

from flask import Request, Response


def picture_response(jpeg: bytes, request: Request) -> Response:
    """The picture with an ETag of its content, or 304 when the client has it already."""
    response = Response(jpeg, content_type="image/jpeg")
    response.set_etag(hashlib.sha256(jpeg).hexdigest()[:32])
    # Private and asked anew each time: the permission to see it may have been taken back.
    response.headers["Cache-Control"] = "private, no-cache"
    response.make_conditional(request)
    return response
