"""gunicorn's threaded worker, whose own refusals are JSON like everybody else's, in all dialects' words."""

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
from services.gateway.live.handover import HandedOver, Handing
from services.gateway.live.loop import FINISH_S, Handed, StreamLoop

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

    A client that stops in the middle of a request gives its thread back after a while. A view may hand its client over
    to the loop that serves streams: the connection is none of gunicorn's then, and is neither written to nor closed.
    """

    def init_process(self) -> None:
        self.streams = StreamLoop()
        super().init_process()

    def load_wsgi(self) -> None:
        super().load_wsgi()
        self.wsgi: Any = Handing(self.wsgi)

    def handle(self, conn: Any) -> Any:
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", PATIENCE_S, 0))
        return super().handle(conn)

    def handle_request(self, req: Any, conn: Any) -> Any:
        try:
            return super().handle_request(req, conn)
        except HandedOver as handed:
            early = conn.parser.unreader.take_buffered()
            # The descriptor moves on; gunicorn keeps an empty shell.
            own = socket.socket(fileno=conn.sock.detach())
            self.streams.take(Handed(own, handed.stream, handed.head, early, handed.place.leave))
            return False

    def finish_request(self, conn: Any, fs: Any) -> None:
        if conn.sock.fileno() < 0:  # handed over, or closed: there is nothing to close or to wait for
            self.nr_conns -= 1
            return
        super().finish_request(conn, fs)

    def handle_exit(self, sig: Any, frame: Any) -> None:
        super().handle_exit(sig, frame)
        self.streams.end_soon()

    def run(self) -> None:
        super().run()
        self.streams.end_soon()
        self.streams.wait_until_ended(FINISH_S)

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Any) -> None:
        status = next((status for kind, status in _STATUS if isinstance(exc, kind)), None)
        if status is None:
            super().handle_error(req, client, addr, exc)
            return
        with suppress(OSError):
            client.sendall(_refusal(status))


def _refusal(status: HTTPStatus) -> bytes:
    message = f"The request cannot be understood: {status.phrase}"
    # Which dialect was meant cannot be known of what is no request: each one's clients find their own words.
    body = json.dumps(
        {
            "status": "error",
            "error": "invalid_request",
            "error_code": "VALIDATION_ERROR",
            "message": message,
            "detail": message,
            "timestamp": whole_seconds(datetime.now(UTC)),
        }
    ).encode()
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\nConnection: close\r\nContent-Type: application/json\r\n"
        f"X-Content-Type-Options: nosniff\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode("ascii") + body
