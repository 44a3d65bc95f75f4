"""JSON lines between a worker and the process that looks at pictures for it."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable
from typing import Any, Final

_CHUNK: Final = 65_536
_MAX_LINE: Final = 16 * 2**20


class Line:
    """One end of a socket pair. Sending is thread-safe; receiving is one thread's."""

    def __init__(self, end: socket.socket, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._end = end
        self._monotonic = monotonic
        self._buffer = bytearray()
        self._sending = threading.Lock()

    def send(self, message: dict[str, Any]) -> None:
        """Blocks until it is handed over. Raises `OSError` when the other side is gone."""
        content = json.dumps(message, allow_nan=False, separators=(",", ":")).encode() + b"\n"
        with self._sending:
            self._end.sendall(content)

    def receive(self, timeout_s: float | None = None) -> dict[str, Any] | None:
        """The next message, None when none comes in time. Raises `EOFError` when the other side is gone."""
        until = None if timeout_s is None else self._monotonic() + timeout_s
        while (end := self._buffer.find(b"\n")) < 0:
            if len(self._buffer) > _MAX_LINE:
                raise EOFError("the other side sends no end")
            left_s = None if until is None else until - self._monotonic()
            if left_s is not None and left_s <= 0:
                return None
            chunk = self._chunk(left_s)
            if chunk is None:
                return None
            self._buffer += chunk
        content = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        message: dict[str, Any] = json.loads(content)
        return message

    def close(self) -> None:
        self._end.close()

    def _chunk(self, timeout_s: float | None) -> bytes | None:
        self._end.settimeout(timeout_s)
        try:
            chunk = self._end.recv(_CHUNK)
        except TimeoutError:
            return None
        except OSError as error:
            raise EOFError(str(error)) from None
        finally:
            # Sending shares the socket, and waits as long as it takes.
            self._end.settimeout(None)
        if not chunk:
            raise EOFError("the other side is gone")
        return chunk
