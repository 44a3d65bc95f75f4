"""Reading a body within its limit."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from flask import Request
from werkzeug.exceptions import RequestEntityTooLarge

READ_AWAY_BYTES: Final = 32 * 1024 * 1024
"""How much of a body that is too large is still taken off the wire."""

_PIECE_BYTES = 64 * 1024


def whole_body(request: Request) -> bytes:
    """All that was sent; it can be read again. Raises `RequestEntityTooLarge` over `request.max_content_length`."""
    try:
        raw = request.get_data(cache=True)
    except RequestEntityTooLarge:
        _read_away(request)
        raise
    # A body sent in chunks, without a length, is cut at the limit silently: what may have been cut is refused.
    if request.content_length is None and request.max_content_length and len(raw) >= request.max_content_length:
        raise RequestEntityTooLarge
    return raw


def _read_away(request: Request) -> None:
    """Let the client finish: a connection that is closed while it sends may take the answer away from it."""
    if (request.content_length or 0) > READ_AWAY_BYTES:
        return
    left, stream = READ_AWAY_BYTES, request.environ["wsgi.input"]
    with suppress(OSError):
        while left > 0 and (piece := stream.read(_PIECE_BYTES)):
            left -= len(piece)
