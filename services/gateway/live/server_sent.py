"""A feed as Server-Sent Events, which browsers follow by themselves."""

from __future__ import annotations

from typing import Final

from services.gateway.live.feed import Feed, Item, Missed
from services.gateway.live.permission import Permission
from services.gateway.live.stream import Connection, Stream

CONTENT_TYPE: Final = "text/event-stream; charset=utf-8"
_HEARTBEAT_S: Final = 15.0


class FeedEvents(Stream):
    """Sends what a feed tells as `event: NAME` with the row's number as id. `since` replays what followed it first.

    It ends when the permission does.
    """

    kind = "events"

    def __init__(
        self, feed: Feed, *, name: str, account_id: int | None, permission: Permission, since: int | None = None
    ) -> None:
        self._feed = feed
        self._name = name
        self._account_id = account_id
        self._permission = permission
        self._since = since

    async def run(self, connection: Connection) -> None:
        async with self._feed.follow(self._account_id, since=self._since, idle_s=_HEARTBEAT_S) as news:
            # The head of the answer goes with it: whoever has read it may rely on hearing of everything from then on.
            await connection.send(b"retry: 2000\n\n")
            async for each in news:
                # Only who has nothing to say may wait.
                if not (await self._permission.holds() if each is None else self._permission.stands()):
                    return
                await connection.send(self._said(each))

    def _said(self, each: Item | Missed | None) -> bytes:
        if each is None:
            return b": still here\n\n"
        if isinstance(each, Missed):
            return f'event: lagged\ndata: {{"missed": {each.count}}}\n\n'.encode()
        return f"id: {each.id}\nevent: {self._name}\ndata: {each.text}\n\n".encode()
