"""Cameras that speak HTTP, on loopback: MJPEG, HLS, MP4, and some that misbehave."""

from __future__ import annotations

import base64
import functools
import http.server
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

BOUNDARY = "frame"
MJPEG_FPS = 10


class HttpCamera:
    """Serves the files of a folder, and /mjpeg, /private (Basic anna:p@ss), /silent, /broken, /closing."""

    def __init__(self, folder: Path) -> None:
        handler = functools.partial(_Handler, directory=str(folder))
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def url(self, path: str, *, login: str = "") -> str:
        return f"http://{login}127.0.0.1:{self._server.server_address[1]}{path}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self) -> None:
        answers = {
            "/mjpeg": self._mjpeg,
            "/private": self._private,
            "/silent": lambda: time.sleep(30),
            "/broken": lambda: self.send_error(503),
            "/closing": lambda: self._mjpeg(frames=8),
        }
        answer = answers.get(self.path.partition("?")[0], super().do_GET)
        try:
            answer()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the tests look at what ingest says."""

    def _private(self) -> None:
        expected = "Basic " + base64.b64encode(b"anna:p@ss").decode()
        if self.headers.get("Authorization") == expected:
            self._mjpeg()
            return
        self.send_response(401)
        self.send_header("WWW-Authenticate", 'Basic realm="camera"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _mjpeg(self, *, frames: int = 10_000) -> None:
        self.send_response(200)
        self.send_header("Content-Type", f"multipart/x-mixed-replace; boundary={BOUNDARY}")
        self.end_headers()
        began = time.monotonic()
        for number, jpeg in zip(range(frames), _moving_jpegs(), strict=False):
            self.wfile.write(
                f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n".encode()
            )
            self.wfile.write(jpeg + b"\r\n")
            # By the clock: what drawing and sending take makes the camera no slower.
            time.sleep(max(0.0, began + (number + 1) / MJPEG_FPS - time.monotonic()))


def _moving_jpegs() -> Iterator[bytes]:
    position = 0
    while True:
        picture = np.full((240, 320, 3), 128, np.uint8)
        cv2.rectangle(picture, (position % 280, 100), (position % 280 + 40, 180), (20, 30, 220), -1)
        position += 10
        yield cv2.imencode(".jpg", picture)[1].tobytes()
