"""A real RTSP camera on loopback: GStreamer's server in a process of its own."""

from __future__ import annotations

import os
import subprocess
from functools import cache
from pathlib import Path
from urllib.parse import quote

from tests.system import require

PROGRAM = Path(__file__).resolve().parents[1] / "rtsp_server.py"
PYTHON = "/usr/bin/python3"

_NEEDED = (
    "import gi; gi.require_version('Gst', '1.0'); gi.require_version('GstRtspServer', '1.0');"
    "from gi.repository import Gst, GstRtspServer; Gst.init(None);"
    "assert all(Gst.ElementFactory.find(n) for n in ('x264enc', 'x265enc', 'rtph264pay', 'h265parse', 'decodebin'))"
)


@cache
def gstreamer_is_here() -> bool:
    if not os.access(PYTHON, os.X_OK):
        return False
    return subprocess.run([PYTHON, "-c", _NEEDED], capture_output=True, check=False).returncode == 0


class RtspCamera:
    """Starts on a free port; skips the test where GStreamer is missing."""

    def __init__(self, *, transport: str = "tcp", auth: str = "none", **options: str | int) -> None:
        require("gir1.2-gst-rtsp-server-1.0", gstreamer_is_here())
        self.transport = transport
        self._credentials = ("anna @ home", "p@ss:w/rd#1%") if auth != "none" else ("", "")
        user, password = self._credentials
        command = [PYTHON, str(PROGRAM), "--transport", transport, "--auth", auth]
        command += ["--user", user, "--password", password] if user else []
        command += [part for name, value in options.items() for part in (f"--{name}", str(value))]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self.port = int(self._read_line())

    def url(self, *, password: str | None = None, path: str = "/live") -> str:
        user, own = self._credentials
        login = f"{quote(user, safe='')}:{quote(own if password is None else password, safe='')}@" if user else ""
        return f"rtsp://{login}127.0.0.1:{self.port}{path}?transport={self.transport}"

    @property
    def secret(self) -> str:
        """The password, as no output may hold it."""
        return self._credentials[1]

    def obey(self, order: str) -> None:
        """`freeze`, `thaw`, `drop` or `size WxH`; returns when it is done."""
        assert self._process.stdin is not None
        self._process.stdin.write(order + "\n")
        self._process.stdin.flush()
        self._read_line()

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()

    def _read_line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the RTSP server ended"
        return line
