"""A real HTTP server on loopback that serves one file, and misbehaves where a test asks for it."""

from __future__ import annotations

import http.server
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Behaviour:
    """What the server does. `requests` collects the Range header of each request (None without one)."""

    content: bytes
    ranges: bool = True
    status: int | None = None
    cut_after: list[int] = field(default_factory=list)  # bytes of body after which one answer each breaks off
    release: threading.Event | None = None  # until it is set, an answer hangs after its first half
    range_shift: int = 0  # a server that answers with another part than was asked for
    redirect: bool = False
    requests: list[str | None] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)


@contextmanager
def serving(behaviour: Behaviour) -> Iterator[str]:
    """The URL of the server's root."""

    class Handler(_Handler):
        does = behaviour

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        if behaviour.release:
            behaviour.release.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    does: Behaviour

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.does.requests.append(wanted)
        self.does.paths.append(self.path)
        if self.does.redirect and self.path.startswith("/files/"):
            self._answer_head(302, 0, {"Location": "/elsewhere" + self.path})
        elif self.does.status:
            self._answer_head(self.does.status, 0, {})
        else:
            self._send(wanted)

    def _send(self, wanted: str | None) -> None:
        content, start = self.does.content, 0
        if wanted and self.does.ranges:
            start = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1])  # type: ignore[index]
            if start >= len(content):
                self._answer_head(416, 0, {"Content-Range": f"bytes */{len(content)}"})
                return
            start += self.does.range_shift
            span = f"bytes {start}-{len(content) - 1}/{len(content)}"
            self._answer_head(206, len(content) - start, {"Content-Range": span})
        else:
            self._answer_head(200, len(content), {})
        self._body(content[start:])

    def _answer_head(self, status: int, length: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(length))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _body(self, body: bytes) -> None:
        if self.does.cut_after:
            self.wfile.write(body[: self.does.cut_after.pop(0)])
            self.close_connection = True
        elif self.does.release:
            self.wfile.write(body[: len(body) // 2])
            self.wfile.flush()
            self.does.release.wait(30)
            self.close_connection = True
        else:
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the test looks at `requests`."""
