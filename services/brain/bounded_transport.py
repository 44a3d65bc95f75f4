"""HTTP to a server that may be slow or broken: an answer has a time and a size that it cannot exceed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final

import httpx

ANSWER_LIMIT: Final = 1_000_000
"""An answer that is longer is none, in bytes."""


class BoundedTransport(httpx.HTTPTransport):
    """Raises `httpx.ReadTimeout` for an answer that is not complete after `timeout_s`, however it drips.

    Time is looked at whenever something comes, and silence ends after `timeout_s` too: twice that is the most.
    """

    def __init__(self, *, timeout_s: float) -> None:
        super().__init__(trust_env=False)
        self._timeout_s = timeout_s

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        until = time.monotonic() + self._timeout_s
        answer = super().handle_request(request)
        assert isinstance(answer.stream, httpx.SyncByteStream)  # noqa: S101 – for the type checker
        return httpx.Response(
            answer.status_code,
            headers=answer.headers,
            stream=_Bounded(answer.stream, request, until=until),
            extensions=answer.extensions,
        )


class _Bounded(httpx.SyncByteStream):
    def __init__(self, stream: httpx.SyncByteStream, request: httpx.Request, *, until: float) -> None:
        self._stream = stream
        self._request = request
        self._until = until

    def __iter__(self) -> Iterator[bytes]:
        length = 0
        for part in self._stream:
            length += len(part)
            if length > ANSWER_LIMIT:
                raise httpx.ReadError(f"the answer is longer than {ANSWER_LIMIT} bytes", request=self._request)
            if time.monotonic() > self._until:
                raise httpx.ReadTimeout("the answer takes too long", request=self._request)
            yield part

    def close(self) -> None:
        self._stream.close()
