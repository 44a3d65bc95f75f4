"""A feed as Server-Sent Events, which browsers follow by themselves."""

from __future__ import annotations

from typing import Final

from services.gateway.live.feed import Feed, Item
from services.gateway.live.stream import Connection, Stream

CONTENT_TYPE: Final = "text/event-stream; charset=utf-8"
_HEARTBEAT_S: Final = 15.0


class FeedEvents(Stream):
    """Sends what a feed tells as `event: NAME` with the row's number as id. `since` replays what followed it first."""

    kind = "events"

    def __init__(self, feed: Feed, *, name: str, account_id: int | None, since: int | None = None) -> None:
        self._feed = feed
        self._name = name
        self._account_id = account_id
        self._since = since

    async def run(self, connection: Connection) -> None:
        await connection.send(b"retry: 2000\n\n")
        with self._feed.listen(self._account_id) as listener:
            told: set[int] = set()
            if self._since is not None:
                await self._feed.ready()
                number = self._since
                while rows := await self._feed.since(number, self._account_id):
                    for row in rows:
                        told.add(row.id)
                        await connection.send(self._event(row))
                    number = rows[-1].id
            while True:
                if not await listener.wait(_HEARTBEAT_S):
                    await connection.send(b": still here\n\n")
                if listener.missed:
                    missed, listener.missed = listener.missed, 0
                    await connection.send(f'event: lagged\ndata: {{"missed": {missed}}}\n\n'.encode())
                while listener.waiting:
                    item = listener.waiting.popleft()
                    if item.id not in told:
                        await connection.send(self._event(item))

    def _event(self, item: Item) -> bytes:
        return f"id: {item.id}\nevent: {self._name}\ndata: {item.text}\n\n".encode()
