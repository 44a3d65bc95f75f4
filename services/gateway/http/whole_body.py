"""Reading a body within its limit."""

from __future__ import annotations

from flask import Request
from werkzeug.exceptions import RequestEntityTooLarge


def whole_body(request: Request) -> bytes:
    """All that was sent; it can be read again. Raises `RequestEntityTooLarge` over `request.max_content_length`."""
    raw = request.get_data(cache=True)
    # A body sent in chunks, without a length, is cut at the limit silently: what may have been cut is refused.
    if request.content_length is None and request.max_content_length and len(raw) >= request.max_content_length:
        raise RequestEntityTooLarge
    return raw
