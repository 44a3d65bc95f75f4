"""Shards by rendezvous hashing over live members, made exclusive by leases in Redis."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

from redis import Redis
from redis.exceptions import RedisError

from shared.domain import rendezvous
from shared.observability.logs import get_logger

log = get_logger("ownership")

_BEAT_S = 1.0
_TTL_S = 5.0
# Without contact for this long another member may hold the lease: stop before that.
_FENCE_S = 4.0

# KEYS: the lease of each wanted shard; ARGV: this member, the lease's life in ms. Returns 1 where it is held.
_ACQUIRE = """
local held = {}
for i, key in ipairs(KEYS) do
  local holder = redis.call('GET', key)
  if holder == ARGV[1] or not holder then
    redis.call('SET', key, ARGV[1], 'PX', ARGV[2])
    held[i] = 1
  else
    held[i] = 0
  end
end
return held
"""
_RELEASE = """
for _, key in ipairs(KEYS) do
  if redis.call('GET', key) == ARGV[1] then redis.call('DEL', key) end
end
return 1
"""


class ShardOwnership:
    """Keeps this member's heartbeat and leases alive on a thread of its own.

    `owned` is what may be worked on now. A shard that falls to somebody else leaves `owned` first and its lease is
    given up a beat later, so that work in flight ends before the other begins. A member that dies loses its leases
    within `ttl_s`; one that comes back under the same name has them again at once.

    `beat_s` < `fence_s` < `ttl_s`, the same for every member: how often Redis is told of this member, after how
    long without contact it stops, and after how long the others may have its shards.
    """

    def __init__(
        self,
        redis: Redis,
        *,
        service: str,
        instance: str,
        shards: int,
        monotonic: Callable[[], float] = time.monotonic,
        beat_s: float = _BEAT_S,
        fence_s: float = _FENCE_S,
        ttl_s: float = _TTL_S,
    ) -> None:
        if not 0 < beat_s < fence_s < ttl_s:
            raise ValueError("ownership: beat_s < fence_s < ttl_s is required")
        self._redis = redis
        self._beat_s, self._fence_s, self._ttl_s = beat_s, fence_s, ttl_s
        self._service = service
        self._instance = instance
        self._shards = shards
        self._monotonic = monotonic
        self._members_key = f"members:{service}"
        self._held: frozenset[int] = frozenset()
        self._leaving: frozenset[int] = frozenset()
        self._contact = self._keep_only_until = -math.inf
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"ownership-{service}", daemon=True)

    @property
    def owned(self) -> frozenset[int]:
        """The shards this member may work on now; empty when Redis has been out of reach for some seconds."""
        # The contact first: a beat sets it after the shards, so a fresh contact never vouches for older shards.
        if self._monotonic() - self._contact > self._fence_s:
            return frozenset()
        return self._held

    def start(self) -> None:
        """Take part: the first beat is done before this returns, when Redis can be reached."""
        self._beat_safely()
        self._thread.start()

    def stop(self) -> None:
        """Give every shard back at once. Call when no work is in flight any more."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=3)
        held, self._held = self._held | self._leaving, frozenset()
        try:
            self._redis.zrem(self._members_key, self._instance)
            self._release(held)
        except RedisError as error:
            log.warning("shards_not_released", service=self._service, reason=str(error)[:200])

    def _run(self) -> None:
        while not self._stop.wait(self._beat_s):
            self._beat_safely()

    def _beat_safely(self) -> None:
        try:
            self._beat()
        except RedisError as error:
            log.warning("heartbeat_failed", service=self._service, reason=str(error)[:200])
        except Exception:  # thread boundary: without further beats the member would own nothing for ever, unseen
            log.exception("heartbeat_crashed", service=self._service)

    def _beat(self) -> None:
        started = self._monotonic()
        wanted = rendezvous.owned(self._instance, self._members(started), self._shards)
        if started < self._keep_only_until:
            wanted &= self._held
        given_up, self._leaving = self._leaving - wanted, self._held - wanted
        self._held -= self._leaving
        self._release(given_up)
        held = self._acquire(wanted)
        if self._stop.is_set():
            self._release(held)  # stop() did not wait for a beat that took so long
            return
        if held != self._held:
            log.info("shards_owned", service=self._service, instance=self._instance, count=len(held))
        self._held = held
        # Leases taken in the script live from when it ran, which is not before this beat began.
        self._contact = started

    def _members(self, started: float) -> list[str]:
        """Every live member, this one among them."""
        seconds, micros = self._redis.time()
        now = seconds + micros / 1e6
        pipe = self._redis.pipeline(transaction=True)
        pipe.zadd(self._members_key, {self._instance: now + self._ttl_s})
        pipe.zremrangebyscore(self._members_key, "-inf", now)
        pipe.zrange(self._members_key, 0, -1)
        added, _, names = pipe.execute()
        if added and started - self._contact < self._fence_s:
            # No heartbeat runs out in so short a time: Redis has lost its data, and the others still work on their
            # shards without a lease. Nothing is taken on until each of them has had the time to say so.
            self._keep_only_until = started + self._ttl_s
        return [name.decode() for name in names]

    def _acquire(self, shards: frozenset[int]) -> frozenset[int]:
        ordered = sorted(shards)
        if not ordered:
            return frozenset()
        keys = [self._lease(shard) for shard in ordered]
        flags = self._redis.eval(_ACQUIRE, len(keys), *keys, self._instance, str(int(self._ttl_s * 1000)))
        return frozenset(shard for shard, flag in zip(ordered, flags, strict=True) if flag)

    def _release(self, shards: frozenset[int]) -> None:
        if shards:
            keys = [self._lease(shard) for shard in sorted(shards)]
            self._redis.eval(_RELEASE, len(keys), *keys, self._instance)

    def _lease(self, shard: int) -> str:
        return f"lease:{self._service}:{shard}"
