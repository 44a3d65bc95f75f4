"""Reading a topic as one member of a consumer group, at least once, in order per shard."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from redis import Redis
from redis.exceptions import RedisError, ResponseError

from shared.domain.errors import InvalidMessage
from shared.messages.message import Message, decode
from shared.messages.topics import Topic
from shared.observability.logs import get_logger
from shared.streams.connect import without_retry
from shared.streams.dead_letters import DeadLetters
from shared.streams.trimming import TRIM_STEP, trim_acknowledged

log = get_logger("streams.reader")

Fields = Mapping[bytes, bytes]

_TRIM_INTERVAL_S = 10.0
_TRIM_AGAIN_S = 0.5
_CLAIM_PAGE = 1_000
# A shared (not sharded) stream has no lease that tells who died: only what lay this long is taken over.
_ORPHAN_IDLE_MS = 30_000
_SHARED_SWEEP_S = 5.0
_SHARDED_SWEEP_S = 30.0
_NEW = b">"
_FROM_THE_START = b"0-0"
_IDLE_SLEEP_S = 0.1


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
    is gained, whatever its former owner left unacknowledged is delivered first, in order. On a topic that is not
    sharded that happens to what lay unacknowledged for half a minute. Entries that no reader can understand go to
    `<stream>.dead` with the reason; a flood of them raises `Permanent`, so that the service stops loudly.
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
        self._redis: Any = redis
        # redis-py annotates the replies of every protocol at once; ours are those of RESP2, in bytes.
        self._own: Any = without_retry(redis)
        self._topic = topic
        self._group = group
        self._member = member
        self._shards = shards
        self._monotonic = monotonic
        self._dead_letters = DeadLetters(redis, topic, group=group, monotonic=monotonic)
        self._streams: frozenset[str] = frozenset()
        # Streams with deliveries to repeat, and how far that has come: they are read from there, not from `>`.
        self._repeating: dict[str, bytes] = {}
        self._next_trim = 0.0
        self._next_sweep = monotonic()

    def poll(self, *, count: int = 32, block_ms: int = 1000) -> list[Received]:
        """Up to `count` messages per stream; waits `block_ms` at most when there is none (0: not at all).

        Acknowledge, or call `reread`, before polling again: a message that waits for its acknowledgement elsewhere
        may be delivered twice. Raises `redis.exceptions.RedisError` when Redis cannot be reached; nothing is lost
        by that, the next poll begins with what was not acknowledged.
        """
        try:
            self._follow_shards()
            if not self._streams:
                time.sleep(min(block_ms / 1000, _IDLE_SLEEP_S))  # nothing is owned: there is nothing to wait on
                return []
            self._sweep_now_and_then()
            self._trim_now_and_then()
            return self._read(count, block_ms)
        except ResponseError as error:
            self.reread()
            if not str(error).startswith(("NOGROUP", "UNBLOCKED")):
                raise
            log.warning("groups_lost", topic=self._topic.name)  # Redis lost its data: the next poll makes them anew
            return []
        except RedisError:
            self.reread()
            raise

    def reread(self) -> None:
        """Have everything that was delivered here and not acknowledged delivered again, before anything new."""
        self._streams = frozenset()
        self._repeating = {}

    def keep_owned(self, received: Iterable[Received]) -> list[Received]:
        """Those of the messages whose shards this member still owns; the others are somebody else's work now."""
        wanted = self._wanted()
        self._leave(self._streams - wanted)
        return [item for item in received if item.stream in wanted]

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
        self._dead_letters.bury(received.stream, received.entry_id, received.fields, reason=reason)

    def _wanted(self) -> frozenset[str]:
        if self._shards is None:
            return frozenset({self._topic.stream()})
        return frozenset(self._topic.stream(shard) for shard in self._shards())

    def _leave(self, streams: frozenset[str]) -> None:
        self._streams -= streams
        for stream in streams:
            self._repeating.pop(stream, None)

    def _follow_shards(self) -> None:
        wanted = self._wanted()
        self._leave(self._streams - wanted)
        for stream in sorted(wanted - self._streams):
            self._make_group(stream)
            if self._topic.sharded and self._claim(stream, idle_ms=0):
                log.info("messages_taken_over", stream=stream)
            self._streams |= {stream}
            self._repeating[stream] = _FROM_THE_START

    def _make_group(self, stream: str) -> None:
        try:
            self._own.xgroup_create(stream, self._group, id="0", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise

    def _claim(self, stream: str, *, idle_ms: int) -> bool:
        """Make what lies unacknowledged for `idle_ms` ours; whether there was any."""
        start, page, any_claimed = _FROM_THE_START, _CLAIM_PAGE, False
        while page == _CLAIM_PAGE:
            ids = self._own.xautoclaim(
                stream, self._group, self._member, idle_ms, start_id=start, count=_CLAIM_PAGE, justid=True
            )
            page, any_claimed = len(ids), any_claimed or bool(ids)
            start = ids[-1] if ids else start
        return any_claimed

    def _sweep_now_and_then(self) -> None:
        """Take up what nobody works on: of members that died, or that lost a shard with messages in hand."""
        now = self._monotonic()
        if now < self._next_sweep:
            return
        self._next_sweep = now + (_SHARDED_SWEEP_S if self._topic.sharded else _SHARED_SWEEP_S)
        for stream in self._streams - self._repeating.keys():
            if self._claim(stream, idle_ms=_ORPHAN_IDLE_MS):
                log.warning("messages_reclaimed", stream=stream)
                self._repeating[stream] = _FROM_THE_START

    def _read(self, count: int, block_ms: int) -> list[Received]:
        while True:
            positions = {stream: self._repeating.get(stream, _NEW) for stream in sorted(self._streams)}
            repeating = bool(self._repeating)
            block = block_ms if block_ms > 0 and not repeating else None
            reply = self._own.xreadgroup(self._group, self._member, positions, count=count, block=block)
            pairs = [(stream.decode(), entries) for stream, entries in reply or ()]
            self._advance(dict(pairs))
            received = [item for stream, entries in pairs for item in self._decoded(stream, entries)]
            if received or not repeating:
                return received

    def _advance(self, reply: Mapping[str, Any]) -> None:
        for stream in tuple(self._repeating):
            entries = reply.get(stream)
            if entries:
                self._repeating[stream] = entries[-1][0]
            else:
                del self._repeating[stream]

    def _decoded(self, stream: str, entries: Iterable[tuple[bytes, Fields]]) -> Iterable[Received]:
        for entry_id, fields in entries:
            if not fields:
                # Trimmed away while it waited for its acknowledgement: nothing is left to handle.
                self._redis.xack(stream, self._group, entry_id)
                continue
            try:
                yield Received(stream, entry_id, self._message(fields), fields)
            except InvalidMessage as error:
                self._dead_letters.bury(stream, entry_id, fields, reason=str(error))

    def _message(self, fields: Fields) -> Message:
        message = decode(fields)
        if not isinstance(message, self._topic.messages):
            raise InvalidMessage(f"{type(message).__name__} does not travel on topic {self._topic.name}")
        return message

    def _trim_now_and_then(self) -> None:
        now = self._monotonic()
        if self._topic.droppable or now < self._next_trim:
            return
        keep = self._topic.bound // 10
        gone = [
            trim_acknowledged(self._own, stream, groups=self._topic.consumers, keep=keep) for stream in self._streams
        ]
        # After a full step there is more to remove: a long backlog must not stay in memory for hours.
        full = any(count >= TRIM_STEP - 1 for count in gone)
        self._next_trim = now + (_TRIM_AGAIN_S if full else _TRIM_INTERVAL_S)
