"""Requests to an endpoint that somebody typed in."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

import httpcore

from shared.domain.errors import Permanent, Transient
from shared.net.guard import GuardedBackend, Resolver, system_resolver, within
from shared.net.target import Target

BODY_LIMIT = 65_536

_HEADERS = {"accept": "*/*", "accept-encoding": "identity"}


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back. `headers` have lower-case names; `body` is cut at `BODY_LIMIT` bytes; redirects are replies."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Poster:
    """A pool of guarded keep-alive connections. Thread-safe; follows no redirect, uses no proxy, keeps no cookie."""

    def __init__(
        self,
        *,
        allow_private: bool,
        allow_public: bool = True,
        timeout_s: float,
        connections: int = 100,
        resolver: Resolver = system_resolver,
    ) -> None:
        self._timeout_s = timeout_s
        self._backend = GuardedBackend(allow_private=allow_private, allow_public=allow_public, resolver=resolver)
        self._pool = httpcore.ConnectionPool(
            max_connections=connections,
            max_keepalive_connections=connections,
            keepalive_expiry=15.0,
            network_backend=self._backend,
        )

    def post(self, target: Target, *, headers: Mapping[str, str], body: bytes) -> Reply:
        """Send and wait for the reply, `timeout_s` at most for all of it.

        Raises `Transient` when the network fails or time runs out – the endpoint may have had the body all the
        same –, `Refused` when the address is not allowed, and `Permanent` when a header cannot be sent.
        """
        with within(self._timeout_s):
            return self._exchange("POST", target, headers, body)

    def get(self, target: Target, *, headers: Mapping[str, str] | None = None) -> Reply:
        """Ask and wait for the reply; as `post`."""
        with within(self._timeout_s):
            return self._exchange("GET", target, headers or {}, None)

    def abort(self) -> None:
        """Break off everything in flight at once."""
        self._backend.abort()

    def close(self) -> None:
        self._pool.close()

    def _exchange(self, method: str, target: Target, headers: Mapping[str, str], body: bytes | None) -> Reply:
        try:
            with self._pool.stream(
                method,
                target.origin + target.path,
                headers=[(name.encode(), value.encode()) for name, value in {**_HEADERS, **headers}.items()],
                content=body,
                extensions={"timeout": dict.fromkeys(("connect", "read", "write", "pool"), self._timeout_s)},
            ) as response:
                names = {name.decode().lower(): value.decode("latin-1") for name, value in response.headers}
                return Reply(response.status, names, _bounded(response))
        except httpcore.LocalProtocolError:
            # The library's message shows the header, and headers hold secrets.
            raise Permanent("the request cannot be written: a header holds characters that are not allowed") from None
        except httpcore.TimeoutException as error:
            raise Transient(f"no complete reply within {self._timeout_s:g} s ({_reason(error)})") from error
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise Transient(_reason(error)) from error


def _bounded(response: httpcore.Response) -> bytes:
    body = bytearray()
    # The status has arrived and it decides; a body that breaks off changes nothing.
    with suppress(httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError):
        for chunk in response.iter_stream():
            body += chunk
            if len(body) >= BODY_LIMIT:
                break  # leaving the rest unread closes the connection
    return bytes(body[:BODY_LIMIT])


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split())[:200]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
