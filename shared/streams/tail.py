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

    An order given while Redis or this service was away can be missed: callers also sync periodically.
    """

    def __init__(self, redis: Redis) -> None:
        # redis-py annotates the replies of every protocol at once; ours are those of RESP2, in bytes.
        self._redis: Any = redis
        self._last: bytes | None = None

    def poll(self, *, block_ms: int = 1000) -> list[Message]:
        """New orders; waits `block_ms` at most. Never raises for a lost Redis: waits and returns none."""
        stream = COMMANDS.stream()
        try:
            if self._last is None:
                newest = self._redis.xrevrange(stream, count=1)
                self._last = newest[0][0] if newest else b"0-0"
            reply = self._redis.xread({stream: self._last}, block=block_ms)
        except RedisError as error:
            log.warning("commands_unreachable", reason=str(error)[:200])
            time.sleep(min(block_ms, 1000) / 1000)
            return []
        orders: list[Message] = []
        for _, entries in reply or []:
            for entry_id, fields in entries:
                self._last = entry_id
                try:
                    orders.append(decode(fields))
                except InvalidMessage as error:
                    log.warning("command_unreadable", reason=str(error))
        return orders
