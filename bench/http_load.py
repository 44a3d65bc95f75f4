"""A client that costs little: keep-alive connections from one thread, each with one request in flight."""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

_END_OF_HEAD = b"\r\n\r\n"
_LENGTH = b"content-length:"


@dataclass(slots=True)
class Load:
    """What a run did: seconds of each answer, and how long all of it took."""

    latencies_s: list[float] = field(default_factory=list)
    seconds: float = 0.0
    answer_bytes: int = 0

    @property
    def per_second(self) -> float:
        return len(self.latencies_s) / self.seconds


@dataclass(slots=True)
class _Talk:
    """One connection: when its request was sent, and what came since."""

    socket: socket.socket
    sent_at: float = 0.0
    received: bytearray = field(default_factory=bytearray)
    expected: int = 0


def press(port: int, requests: Iterator[bytes], *, seconds: float, connections: int) -> Load:
    """Send requests for so long, each connection its next one once it has its answer.

    `requests` are whole HTTP/1.1 requests without bodies. Raises `RuntimeError` for any answer but 200.
    """
    load, selector = Load(), selectors.DefaultSelector()
    talks = [_Talk(socket.create_connection(("127.0.0.1", port), timeout=30)) for _ in range(connections)]
    started = time.perf_counter()
    try:
        for talk in talks:
            talk.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(talk.socket, selectors.EVENT_READ, talk)
            _send(talk, next(requests))
        while time.perf_counter() - started < seconds:
            for key, _ in selector.select(timeout=30):
                talk = key.data
                if _receive(talk):
                    load.latencies_s.append(time.perf_counter() - talk.sent_at)
                    load.answer_bytes = talk.expected
                    _send(talk, next(requests))
        load.seconds = time.perf_counter() - started
    finally:
        selector.close()
        for talk in talks:
            talk.socket.close()
    return load


def get(path: str, **headers: str) -> bytes:
    """A GET request as it goes over the wire; `_` in a header's name stands for `-`."""
    lines = [f"GET {path} HTTP/1.1", "Host: bench", *(f"{k.replace('_', '-')}: {v}" for k, v in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")


def _send(talk: _Talk, request: bytes) -> None:
    talk.received.clear()
    talk.expected = 0
    talk.sent_at = time.perf_counter()
    talk.socket.sendall(request)


def _receive(talk: _Talk) -> bool:
    """Take what has come; whether the answer is whole."""
    piece = talk.socket.recv(65536)
    if not piece:
        raise RuntimeError("the server closed a connection")
    talk.received += piece
    if not talk.expected:
        end = talk.received.find(_END_OF_HEAD)
        if end < 0:
            return False
        talk.expected = end + len(_END_OF_HEAD) + _length(bytes(talk.received[:end]))
    return len(talk.received) >= talk.expected


def _length(head: bytes) -> int:
    status, *fields = head.split(b"\r\n")
    if b" 200 " not in status + b" ":
        raise RuntimeError(f"the server answered {status.decode('latin-1')}")
    return next(int(line.partition(b":")[2]) for line in fields if line.lower().startswith(_LENGTH))
