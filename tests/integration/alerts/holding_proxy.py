"""Stands before a broker and keeps or changes what it says: as no broker does when it is asked to."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial

_CONNECT, _PUBACK = 0x10, 0x40
_UNACCEPTABLE_VERSION = bytes([0x20, 2, 0, 1])
QUOTA_EXCEEDED = 0x97


class HoldingProxy:
    """Forwards MQTT both ways. `holding`: no publication is acknowledged; `busy`: each is, with a quota exceeded.

    `old`: as a broker of MQTT 3.1.1, which knows nothing of version 5.
    """

    def __init__(self, port: int) -> None:
        self.holding = False
        self.busy = False
        self.old = False
        self.withheld = 0
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
                admit = partial(self._admitted, client)
                for source, sink, change in ((client, broker, admit), (broker, client, self._changed)):
                    threading.Thread(target=_forward, args=(source, sink, change), daemon=True).start()

    def _admitted(self, client: socket.socket, packet: bytes) -> bytes:
        if self.old and packet[0] == _CONNECT and b"MQTT\x05" in packet[:16]:
            client.sendall(_UNACCEPTABLE_VERSION)
            raise EOFError
        return packet

    def _changed(self, packet: bytes) -> bytes:
        if packet[0] & 0xF0 != _PUBACK or not (self.holding or self.busy):
            return packet
        self.withheld += 1
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
