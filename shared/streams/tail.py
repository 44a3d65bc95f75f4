"""Following a stream that every service reads whole."""

from __future__ import annotations

import time
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from shared.domain.errors import InvalidMessage
from shared.messages.message import Message, decode
from shared.messages.topics import COMMANDS
from shared.observability.logs import get_logger

log = get_logger("streams.tail")


class CommandTail:
    """Reads `commands` from the moment it is made. Not thread-safe.

    Orders given while Redis is away can be missed (when it is away at construction, those before the first poll
    that reaches it): callers also sync periodically.
    """

    def __init__(self, redis: Redis) -> None:
        # redis-py annotates the replies of every protocol at once; ours are those of RESP2, in bytes.
        self._redis: Any = redis
        self._last: bytes | None = None
        try:
            self._last = self._newest()
        except RedisError as error:
            log.warning("commands_unreachable", reason=str(error)[:200])

    def poll(self, *, block_ms: int = 1000) -> list[Message]:
        """New orders; waits `block_ms` at most. Never raises for a lost Redis: waits and returns none."""
        try:
            if self._last is None:
                self._last = self._newest()
            block = block_ms if block_ms > 0 else None
            reply = self._redis.xread({COMMANDS.stream(): self._last}, block=block)
        except RedisError as error:
            log.warning("commands_unreachable", reason=str(error)[:200])
            time.sleep(min(block_ms, 1000) / 1000)
            return []
        return [order for _, entries in reply or () for order in self._orders(entries)]

    def _newest(self) -> bytes:
        newest = self._redis.xrevrange(COMMANDS.stream(), count=1)
        return bytes(newest[0][0]) if newest else b"0-0"

    def _orders(self, entries: list[tuple[bytes, dict[bytes, bytes]]]) -> list[Message]:
        orders: list[Message] = []
        for entry_id, fields in entries:
            self._last = entry_id
            try:
                orders.append(decode(fields))
            except InvalidMessage as error:
                log.warning("command_unreadable", reason=str(error))
        return orders
