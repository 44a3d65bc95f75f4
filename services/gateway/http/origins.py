"""Which web pages may open what a browser guards with nothing but the header `Origin`."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from flask import Request


def is_welcome(request: Request, allowed: Collection[str]) -> bool:
    """Whether no web page asks, or one of this server or of the `allowed` origins (`*`: any).

    Only a browser says for which page it asks. The scheme is not compared: a proxy in front may speak TLS.
    """
    origin = request.headers.get("Origin")
    return origin is None or origin in allowed or "*" in allowed or _is_own(origin, request.host)


def _is_own(origin: str, host: str) -> bool:
    try:
        parts = urlsplit(origin)
    except ValueError:  # no address at all
        return False
    return parts.scheme in ("http", "https") and parts.netloc.lower() == host.lower()
