"""Stands before a broker and keeps or changes its acknowledgements: what no broker does when it is asked to."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress

_PUBACK = 0x40
QUOTA_EXCEEDED = 0x97


class HoldingProxy:
    """Forwards MQTT both ways. `holding`: no publication is acknowledged; `busy`: each is, with a quota exceeded."""

    def __init__(self, port: int) -> None:
        self.holding = False
        self.busy = False
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._sockets: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    def close(self) -> None:
        for each in (self._listener, *self._sockets):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                broker = socket.create_connection(("127.0.0.1", self._target))
                self._sockets += [client, broker]
                for source, sink, change in ((client, broker, bytes), (broker, client, self._changed)):
                    threading.Thread(target=_forward, args=(source, sink, change), daemon=True).start()

    def _changed(self, packet: bytes) -> bytes:
        if packet[0] & 0xF0 != _PUBACK or not (self.holding or self.busy):
            return packet
        # Fixed header, the message's number, and in version 5 the reason.
        return b"" if self.holding else bytes([_PUBACK, 3]) + packet[2:4] + bytes([QUOTA_EXCEEDED])


def _forward(source: socket.socket, sink: socket.socket, change: Callable[[bytes], bytes]) -> None:
    with suppress(OSError, EOFError):
        while True:
            sink.sendall(change(_packet(source)))
    for each in (source, sink):
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)


def _packet(source: socket.socket) -> bytes:
    head, length, shift = _exactly(source, 1), 0, 0
    while True:
        byte = _exactly(source, 1)
        head += byte
        length |= (byte[0] & 0x7F) << shift
        shift += 7
        if byte[0] < 0x80:
            return head + _exactly(source, length)


def _exactly(source: socket.socket, count: int) -> bytes:
    got = b""
    while len(got) < count:
        chunk = source.recv(count - len(got))
        if not chunk:
            raise EOFError
        got += chunk
    return got
