"""Connections that go only to addresses that were checked: the name is looked up once, and what was checked is what
is connected to, so that a name that changes its mind in between gains nothing."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from ipaddress import ip_address
from queue import Empty, SimpleQueue
from ssl import SSLContext
from typing import Any

import httpcore

from shared.domain.errors import Permanent, Transient
from shared.domain.internet import Address
from shared.net.target import refusal

Resolver = Callable[[str, int], list[str]]

DEADLINE: ContextVar[float] = ContextVar("deadline", default=float("inf"))
"""The monotonic time at which the exchange that runs in this thread must be over."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """All exchanges of this thread inside end by then, together; an outer limit that is nearer holds on."""
    token = DEADLINE.set(min(DEADLINE.get(), time.monotonic() + seconds))
    try:
        yield
    finally:
        DEADLINE.reset(token)


def time_left_s() -> float:
    """What is left of the limits around this, in seconds; infinite without any."""
    return max(0.0, DEADLINE.get() - time.monotonic())


class Refused(Permanent):
    """The address may not be reached from here."""


def system_resolver(host: str, port: int) -> list[str]:
    """The addresses of a host by the system's resolver. Blocks for as long as that takes."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class GuardedBackend(httpcore.NetworkBackend):
    """httpcore's way to the network, through the guard. Thread-safe."""

    def __init__(self, *, allow_private: bool, allow_public: bool = True, resolver: Resolver = system_resolver) -> None:
        self._allow_private = allow_private
        self._allow_public = allow_public
        self._resolver = resolver
        self._plain = httpcore.SyncBackend()
        self._streams: set[GuardedStream] = set()
        self._lock = threading.Lock()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first address of the host that answers; raises `Refused` when any of them is not allowed."""
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in self._checked(host, port):
            try:
                stream = self._plain.connect_tcp(
                    str(address), port, timeout=_clip(timeout), socket_options=socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return self.adopt(stream)
        raise failure

    def adopt(self, stream: httpcore.NetworkStream) -> GuardedStream:
        guarded = GuardedStream(stream, self)
        with self._lock:
            self._streams.add(guarded)
        return guarded

    def forget(self, stream: GuardedStream) -> None:
        with self._lock:
            self._streams.discard(stream)

    def abort(self) -> None:
        """Break off every exchange in flight; whoever waits for one sees a network error at once."""
        with self._lock:
            streams = list(self._streams)
        for stream in streams:
            with suppress(OSError):
                stream.get_extra_info("socket").shutdown(socket.SHUT_RDWR)

    def _checked(self, host: str, port: int) -> list[Address]:
        addresses = [ip_address(text.partition("%")[0]) for text in self._resolve(host, port)]
        for address in addresses:
            # One bad address spoils the name: which one a connection ends at must not be chance.
            if reason := refusal(address, allow_private=self._allow_private, allow_public=self._allow_public):
                raise Refused(f"{host}: {reason}" if str(address) != host else reason)
        return addresses

    def _resolve(self, host: str, port: int) -> list[str]:
        # The system's resolver knows no time-out; a thread that it holds up is left behind.
        answer: SimpleQueue[list[str] | OSError] = SimpleQueue()

        def ask() -> None:
            try:
                answer.put(self._resolver(host, port))
            except (OSError, UnicodeError) as error:
                answer.put(error if isinstance(error, OSError) else OSError(str(error)))

        threading.Thread(target=ask, name="resolve", daemon=True).start()
        try:
            found = answer.get(timeout=_clip(10.0))
        except Empty:
            raise Transient(f"the name {host} was not resolved in time") from None
        if isinstance(found, OSError):
            raise Transient(f"the name {host} cannot be resolved: {found.strerror or found}")
        return found


class GuardedStream(httpcore.NetworkStream):
    """A stream whose every step also ends at the deadline, however slowly the other side drips."""

    def __init__(self, inner: httpcore.NetworkStream, backend: GuardedBackend) -> None:
        self._inner = inner
        self._backend = backend

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, timeout=_clip(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, timeout=_clip(timeout))

    def close(self) -> None:
        self._backend.forget(self)
        self._inner.close()

    def start_tls(
        self, ssl_context: SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        encrypted = self._inner.start_tls(ssl_context, server_hostname=server_hostname, timeout=_clip(timeout))
        self._backend.forget(self)
        return self._backend.adopt(encrypted)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _clip(timeout: float | None) -> float:
    left = DEADLINE.get() - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("the time for the whole exchange is over")
    return left if timeout is None else min(timeout, left)
