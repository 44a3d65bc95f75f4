"""Pages that name their parts relative to their own address."""

from __future__ import annotations

from flask import Response, request


def without_slash() -> Response | None:
    """To be asked before a page is answered: whoever asked with a slash at the end is sent to the address without."""
    path, query = request.path.rstrip("/"), request.query_string.decode("latin-1")
    if not path or path == request.path:
        return None
    address = request.script_root + path
    return Response(status=308, headers={"Location": f"{address}?{query}" if query else address})
