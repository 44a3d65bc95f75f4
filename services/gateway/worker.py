"""gunicorn's threaded worker, whose own refusals are JSON like everybody else's."""

from __future__ import annotations

import json
import socket
import struct
from contextlib import suppress
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from gunicorn.http import errors
from gunicorn.workers.gthread import ThreadWorker

from services.gateway.http.timestamps import whole_seconds

PATIENCE_S = 10
"""How long a started request may pause before its connection is closed."""

_STATUS: tuple[tuple[type[Exception], HTTPStatus], ...] = (
    (errors.LimitRequestLine, HTTPStatus.REQUEST_URI_TOO_LONG),
    (errors.LimitRequestHeaders, HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE),
    (errors.UnsupportedTransferCoding, HTTPStatus.NOT_IMPLEMENTED),
    (errors.ParseException, HTTPStatus.BAD_REQUEST),
)


class JsonWorker(ThreadWorker):  # type: ignore[misc]
    """Requests that are not HTTP never reach the application: they are refused here.

    A client that stops in the middle of a request gives its thread back after a while.
    """

    def handle(self, conn: Any) -> Any:
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", PATIENCE_S, 0))
        return super().handle(conn)

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Any) -> None:
        status = next((status for kind, status in _STATUS if isinstance(exc, kind)), None)
        if status is None:
            super().handle_error(req, client, addr, exc)
            return
        with suppress(OSError):
            client.sendall(_refusal(status))


def _refusal(status: HTTPStatus) -> bytes:
    body = json.dumps(
        {
            "error": "invalid_request",
            "message": f"The request cannot be understood: {status.phrase}",
            "timestamp": whole_seconds(datetime.now(UTC)),
        }
    ).encode()
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\nConnection: close\r\nContent-Type: application/json\r\n"
        f"X-Content-Type-Options: nosniff\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode("ascii") + body
