"""Reading a topic as one member of a consumer group, at least once, in order per shard."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from redis import Redis
from redis.exceptions import ResponseError

from shared.domain.errors import InvalidMessage, Permanent
from shared.messages.message import Message, decode
from shared.messages.topics import Topic
from shared.observability.logs import get_logger

log = get_logger("streams.reader")

Fields = Mapping[bytes, bytes]

_DEAD_BOUND = 10_000
_FLOOD_COUNT = 100
_FLOOD_WINDOW_S = 60.0
_TRIM_INTERVAL_S = 10.0
_TRIM_STEP = 2_000
_RECLAIM_PAGE = 100
# A shared (not sharded) stream has no lease that tells who died: only what lay this long is taken over.
_SHARED_IDLE_MS = 30_000
_SHARED_RECLAIM_INTERVAL_S = 5.0


@dataclass(frozen=True, slots=True)
class Received:
    """One message to be handled and then acknowledged."""

    stream: str
    entry_id: bytes
    message: Message
    fields: Fields


class GroupReader:
    """One member's view of a topic. Not thread-safe: one reader per thread.

    `shards` tells which shards this member owns now (leave it out for topics that are not sharded). When a shard
    is gained, whatever its former owner left unacknowledged is delivered first. Entries that no reader can decode
    go to `<stream>.dead` with the reason; a flood of them raises `Permanent`, so that the service stops loudly.
    """

    def __init__(
        self,
        redis: Redis,
        topic: Topic,
        *,
        group: str,
        member: str,
        shards: Callable[[], frozenset[int]] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        if topic.sharded != (shards is not None):
            raise ValueError(f"topic {topic.name}: shards must be given exactly when it is sharded")
        # redis-py annotates the replies of every protocol at once; ours are those of RESP2, in bytes.
        self._redis: Any = redis
        self._topic = topic
        self._group = group
        self._member = member
        self._shards = shards
        self._monotonic = monotonic
        self._streams: frozenset[str] = frozenset()
        self._dead_times: deque[float] = deque(maxlen=_FLOOD_COUNT)
        self._next_trim = 0.0
        self._next_reclaim = 0.0

    def poll(self, *, count: int = 32, block_ms: int = 1000) -> list[Received]:
        """Up to `count` messages per stream; waits `block_ms` at most when there is none.

        Raises `redis.exceptions.RedisError` when Redis cannot be reached.
        """
        try:
            left_over = self._take_over()
            if left_over:
                return left_over
            if not self._streams:
                time.sleep(min(block_ms, 100) / 1000)  # nothing is owned: there is nothing to wait on
                return []
            self._trim_now_and_then()
            reply = self._redis.xreadgroup(
                self._group, self._member, dict.fromkeys(sorted(self._streams), ">"), count=count, block=block_ms
            )
        except ResponseError as error:
            if "NOGROUP" not in str(error):
                raise
            self._streams = frozenset()  # Redis lost its data: the groups are made anew at the next poll
            return []
        return self._decoded((stream.decode(), entries) for stream, entries in _pairs(reply))

    def ack(self, received: Iterable[Received]) -> None:
        """Say that the messages are done and need never come again."""
        pipe = self._redis.pipeline(transaction=False)
        self.ack_in(pipe, received)
        pipe.execute()

    def ack_in(self, target: Any, received: Iterable[Received]) -> None:
        """Acknowledge within a pipeline or transaction of the caller."""
        for item in received:
            target.xack(item.stream, self._group, item.entry_id)

    def dead_letter(self, received: Received, reason: str) -> None:
        """Put a message that can never be handled aside, with the reason, and acknowledge it."""
        self._bury(received.stream, received.entry_id, received.fields, reason)

    def _take_over(self) -> list[Received]:
        wanted = self._wanted()
        gained = wanted - self._streams
        for stream in sorted(gained):
            self._make_group(stream)
        self._streams = wanted
        if self._topic.sharded:
            return self._reclaim(gained, idle_ms=0) if gained else []
        now = self._monotonic()
        if gained or now >= self._next_reclaim:
            self._next_reclaim = now + _SHARED_RECLAIM_INTERVAL_S
            own = self._own_pending(wanted) if gained else []
            return own or self._reclaim(wanted, idle_ms=_SHARED_IDLE_MS)
        return []

    def _wanted(self) -> frozenset[str]:
        if self._shards is None:
            return frozenset({self._topic.stream()})
        return frozenset(self._topic.stream(shard) for shard in self._shards())

    def _make_group(self, stream: str) -> None:
        try:
            self._redis.xgroup_create(stream, self._group, id="0", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise

    def _own_pending(self, streams: Iterable[str]) -> list[Received]:
        reply = self._redis.xreadgroup(self._group, self._member, dict.fromkeys(sorted(streams), "0"))
        return self._decoded((stream.decode(), entries) for stream, entries in _pairs(reply))

    def _reclaim(self, streams: Iterable[str], *, idle_ms: int) -> list[Received]:
        found: list[Received] = []
        for stream in sorted(streams):
            cursor: Any = b"0-0"
            while True:
                reply = self._redis.xautoclaim(
                    stream, self._group, self._member, min_idle_time=idle_ms, start_id=cursor, count=_RECLAIM_PAGE
                )
                cursor, entries = reply[0], reply[1]
                found += self._decoded([(stream, entries)])
                if cursor in (b"0-0", "0-0"):
                    break
        if found:
            log.info("messages_reclaimed", topic=self._topic.name, count=len(found))
        return found

    def _decoded(self, reply: Iterable[tuple[str, Any]]) -> list[Received]:
        received = []
        for stream, entries in reply:
            for entry in entries:
                if entry is None or entry[1] is None or entry[0] is None:
                    # Trimmed away while it was pending: nothing is left to handle.
                    if entry is not None and entry[0] is not None:
                        self._redis.xack(stream, self._group, entry[0])
                    continue
                entry_id, fields = entry
                try:
                    received.append(Received(stream, entry_id, decode(fields), fields))
                except InvalidMessage as error:
                    self._bury(stream, entry_id, fields, str(error))
        return received

    def _bury(self, stream: str, entry_id: bytes, fields: Fields, reason: str) -> None:
        record: dict[Any, Any] = {**fields, b"reason": reason.encode(), b"entry_id": entry_id}
        record[b"group"] = self._group.encode()
        pipe = self._redis.pipeline(transaction=True)
        pipe.xadd(f"{stream}.dead", record, maxlen=_DEAD_BOUND, approximate=True)
        pipe.xack(stream, self._group, entry_id)
        pipe.execute()
        log.error("message_dead_lettered", stream=stream, entry_id=entry_id.decode(), reason=reason)
        now = self._monotonic()
        self._dead_times.append(now)
        if len(self._dead_times) == _FLOOD_COUNT and now - self._dead_times[0] < _FLOOD_WINDOW_S:
            raise Permanent(
                f"{_FLOOD_COUNT} messages of {self._topic.name} were unreadable within {_FLOOD_WINDOW_S:.0f} s; "
                f"look at {stream}.dead, the last reason was: {reason}"
            )

    def _trim_now_and_then(self) -> None:
        now = self._monotonic()
        if self._topic.droppable or now < self._next_trim:
            return
        self._next_trim = now + _TRIM_INTERVAL_S
        for stream in self._streams:
            trim_acknowledged(self._redis, stream, groups=self._topic.consumers, keep=self._topic.bound // 10)


def trim_acknowledged(redis: Any, stream: str, *, groups: Iterable[str], keep: int) -> int:
    """Remove the oldest entries beyond the newest `keep`, but only those every group has acknowledged.

    Returns how many went. Does a bounded amount of work per call.
    """
    excess = min(int(redis.xlen(stream)) - keep, _TRIM_STEP)
    if excess <= 0:
        return 0
    known = {info["name"]: info for info in redis.xinfo_groups(stream)}
    cuts = [redis.xrange(stream, count=excess)[-1][0]]
    for group in groups:
        info = known.get(group.encode())
        if info is None:
            return 0  # a group that has not read yet needs everything
        pending = redis.xpending(stream, group)
        cuts.append(pending["min"] if pending["pending"] else info["last-delivered-id"])
    return int(redis.xtrim(stream, minid=min(cuts, key=_position), approximate=False))


def _position(entry_id: bytes) -> tuple[int, int]:
    ms, _, seq = entry_id.partition(b"-")
    return int(ms), int(seq or 0)


def _pairs(reply: Any) -> Iterable[tuple[bytes, Any]]:
    if not reply:
        return ()
    pairs: Iterable[tuple[bytes, Any]] = reply.items() if isinstance(reply, dict) else reply
    return pairs
