"""Connections to one mail server: a few at a time, and used again while there is more to send."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final

from aiosmtplib import SMTP, SMTPException, SMTPResponseException

_IDLE_S: Final = 10.0
_MOST_USES: Final = 50
_GOODBYE_S: Final = 1.0


@dataclass(eq=False, slots=True)
class _Line:
    """A connection and how many messages went over it."""

    client: SMTP
    uses: int = 0


class SmtpPool:
    """Everything happens on one asyncio loop. `connect` makes a connection that is ready to send."""

    def __init__(self, connect: Callable[[], Awaitable[SMTP]], *, most: int, idle_s: float = _IDLE_S) -> None:
        self._connect = connect
        self._idle_s = idle_s
        self._turn = asyncio.Semaphore(most)
        self._idle: list[_Line] = []
        self._farewells: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def line(self) -> AsyncIterator[SMTP]:
        """A connection for one message. One that broke is never used again."""
        async with self._turn:
            line = await self._living() or _Line(await self._connect())
            try:
                yield line.client
            except SMTPResponseException:
                # A refusal leaves the connection as good as before; nonsense shows at the next use.
                await self._release(line)
                raise
            except BaseException:
                cut(line.client)
                raise
            await self._release(line)

    async def close(self) -> None:
        """Take leave of the server."""
        idle, self._idle = self._idle, []
        await asyncio.gather(*(_leave(line.client) for line in idle))

    async def _living(self) -> _Line | None:
        """One that was used before and still answers: servers hang up on those who say nothing for long."""
        while self._idle:
            line = self._idle.pop()
            try:
                await line.client.rset()
            except (SMTPException, OSError):
                cut(line.client)
            except BaseException:
                cut(line.client)
                raise
            else:
                return line
        return None

    async def _release(self, line: _Line) -> None:
        line.uses += 1
        if line.uses < _MOST_USES and line.client.is_connected:
            self._keep(line)
        else:
            await _leave(line.client)

    def _keep(self, line: _Line) -> None:
        self._idle.append(line)
        uses = line.uses
        asyncio.get_running_loop().call_later(self._idle_s, lambda: self._expire(line, uses))

    def _expire(self, line: _Line, uses: int) -> None:
        if line in self._idle and line.uses == uses:
            self._idle.remove(line)
            farewell = asyncio.ensure_future(_leave(line.client))
            self._farewells.add(farewell)
            farewell.add_done_callback(self._farewells.discard)


def cut(client: SMTP) -> None:
    """End the connection at once. What waits to be written is thrown away: half a message must not be finished."""
    transport = client.transport
    if isinstance(transport, asyncio.WriteTransport):
        transport.abort()
    client.close()


async def _leave(client: SMTP) -> None:
    with suppress(SMTPException, OSError):
        await client.quit(timeout=_GOODBYE_S)
    cut(client)
