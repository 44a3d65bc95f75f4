"""How fast providers let us send, kept by all workers together in Redis."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from redis import Redis
from redis.exceptions import RedisError

from shared.domain.errors import Transient
from shared.messages.topics import ALERT_PACE
from shared.observability import get_logger
from shared.settings import Settings
from shared.streams import connect
from shared.streams.connect import without_retry

log = get_logger("alerts.pace")

MOST_WAIT_S: Final = 1.0
"""The longest that a thread waits for its turn; a longer wait is the courier's."""

_PAUSE_S = 5.0
_LEAST_SLEEP_S = 0.001
_REDIS_TIMEOUT_S = 1.0

# GCRA (ITU-T I.371), all limits of one message at once: a message is counted by each of them or by none. Whoever has
# to wait for a narrow limit (a chat's) books nothing, so that it does not hold up everybody else under the wide one
# (the bot's); turns under the wide one are booked ahead, so that those who wait for it wait in order. In whole
# microseconds of Redis's own clock: machines differ. A key is kept for a minute longer than it matters.
_TAKE = """
local now, most_wait = tonumber(ARGV[1]), tonumber(ARGV[2])
if now == nil then
  local time = redis.call('TIME')
  now = time[1] * 1000000 + time[2]
end
local arrivals, free, at = {}, now, now
for i = 1, #KEYS do
  arrivals[i] = tonumber(redis.call('GET', KEYS[i])) or 0
  local earliest = arrivals[i] - tonumber(ARGV[2 + 2 * i])
  if i < #KEYS then free = math.max(free, earliest) end
  at = math.max(at, earliest)
end
if free > now then return {0, free - now} end
if at - now > most_wait then return {0, at - now} end
for i = 1, #KEYS do
  local arrival = math.max(arrivals[i], at) + tonumber(ARGV[1 + 2 * i])
  local keep_ms = math.ceil((arrival - now) / 1000) + 60000
  redis.call('SET', KEYS[i], string.format('%.0f', arrival), 'PX', string.format('%.0f', keep_ms))
end
return {1, at - now}
"""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` in any `within_s` seconds, up to `burst` of them at once.

    A larger burst makes for longer pauses after it: they are what keeps the promise for every window.
    """

    most: int
    within_s: float
    burst: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.burst <= self.most or self.within_s <= 0:
            raise ValueError(f"no such limit: {self}")

    @property
    def interval_us(self) -> int:
        """The pause between two once the burst is used up, whole microseconds."""
        return math.ceil(self.within_s * 1_000_000 / (self.most - self.burst + 1))


class Pace:
    """Turns to send, handed out by Redis. Thread-safe. Without Redis everybody may send at once."""

    def __init__(
        self,
        redis: Redis | None,
        *,
        now_us: Callable[[], int] | None = None,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`now_us` stands in for Redis's own clock."""
        self._redis = redis
        self._script = redis.register_script(_TAKE) if redis is not None else None
        self._now_us = now_us
        self._sleep = sleep
        self._monotonic = monotonic
        self._away_until = -math.inf
        self._is_away = False

    @classmethod
    def of(cls, settings: Settings) -> Pace:
        """The pace of an installation. Connects to nothing yet."""
        if not settings.redis_url:
            return cls(None)
        return cls(without_retry(connect(settings.redis_url, socket_timeout_s=_REDIS_TIMEOUT_S)))

    def wait(self, limits: Mapping[str, Limit], *, at_most_s: float = MOST_WAIT_S) -> None:
        """Return when it is this message's turn under all the limits, named from the narrowest to the widest.

        Blocks up to `at_most_s`. Raises `Transient` with `retry_after_s` when the turn comes later than that.
        """
        until = self._monotonic() + at_most_s
        while True:
            left_s = max(0.0, until - self._monotonic())
            is_ours, wait_s = self._take(limits, most_wait_s=left_s)
            if not is_ours and wait_s > left_s:
                raise Transient(
                    f"sent as fast as the provider allows; the turn is in {wait_s:.1f} s", retry_after_s=wait_s
                )
            if wait_s > 0:
                self._sleep(wait_s if is_ours else max(wait_s, _LEAST_SLEEP_S))
            if is_ours:
                return

    def close(self) -> None:
        """Give back connections."""
        if self._redis is not None:
            self._redis.close()

    def _take(self, limits: Mapping[str, Limit], *, most_wait_s: float) -> tuple[bool, float]:
        """Whether a turn was booked, and in how many seconds it is (or is to be asked for again)."""
        if self._script is None or self._monotonic() < self._away_until:
            return True, 0.0
        arguments: list[Any] = ["" if self._now_us is None else self._now_us(), int(most_wait_s * 1_000_000)]
        for limit in limits.values():
            arguments += [limit.interval_us, limit.interval_us * (limit.burst - 1)]
        try:
            booked, wait_us = self._script(keys=[ALERT_PACE.format(name=name) for name in limits], args=arguments)
        except (RedisError, OSError) as error:
            self._failed(error)
            return True, 0.0
        if self._is_away:
            self._is_away = False
            log.info("pace_kept_again")
        return bool(booked), int(wait_us) / 1_000_000

    def _failed(self, error: Exception) -> None:
        # A Redis that hangs costs one time-out per pause, not one per message.
        self._away_until = self._monotonic() + _PAUSE_S
        if not self._is_away:
            self._is_away = True
            log.warning("pace_not_kept", reason=type(error).__name__)
