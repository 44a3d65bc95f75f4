"""`python -m bench.http_sink`: takes posts on loopback as fast as it can; one line of JSON per command on stdin.

It says its port first. `count` answers how many posts came, and when the first and the last of them did.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

_ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


class Tally:
    """How many posts came, and when (monotonic seconds)."""

    def __init__(self) -> None:
        self.count = 0
        self.first_s = self.last_s = 0.0

    def post(self) -> None:
        self.last_s = time.monotonic()
        if not self.count:
            self.first_s = self.last_s
        self.count += 1

    def told(self) -> str:
        return json.dumps({"count": self.count, "seconds": self.last_s - self.first_s})


class Exchange(asyncio.Protocol):
    """One connection: every complete request is counted and answered."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._left = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._left += data
        while (end := self._left.find(b"\r\n\r\n")) >= 0:
            head = self._left[:end].lower()
            start = head.find(b"content-length:")
            length = int(head[start + 15 :].split(b"\r\n", 1)[0]) if start >= 0 else 0
            if len(self._left) < end + 4 + length:
                return
            self._left = self._left[end + 4 + length :]
            self._tally.post()
            if self._transport is not None:
                self._transport.write(_ANSWER)


async def serve() -> None:
    """Until stdin ends."""
    loop, tally = asyncio.get_running_loop(), Tally()
    server = await loop.create_server(lambda: Exchange(tally), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        if line.strip() == "count":
            print(tally.told(), flush=True)


if __name__ == "__main__":
    asyncio.run(serve())
