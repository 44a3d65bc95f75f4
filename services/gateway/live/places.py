"""How many streams there are, and how many more there may be."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

from prometheus_client import Gauge
from redis import Redis

from services.gateway.problem import Problem, Refusal
from shared.messages.topics import STREAMS_OPEN

OPEN = Gauge("argus_gateway_streams", "Streams that are open, by kind", ["kind"], multiprocess_mode="livesum")

_STALE_S = 10.0
_KEEP_S = 60


class Place:
    """One stream's place, until it is left. Leaving twice is leaving once."""

    def __init__(self, leave: Callable[[], None]) -> None:
        self._leave: Callable[[], None] | None = leave

    def leave(self) -> None:
        leave, self._leave = self._leave, None
        if leave is not None:
            leave()


class StreamPlaces:
    """Counts this process's streams by kind and by account, and knows of the others' what they last told.

    Thread-safe. What other workers opened within the last seconds may not be known yet: the bounds protect memory, and
    are no promise to the last one.
    """

    def __init__(self, *, overall: int, per_account: int) -> None:
        self._overall = overall
        self._per_account = per_account
        self._lock = threading.Lock()
        self._own: Counter[str] = Counter()
        self._others: Counter[str] = Counter()
        self._now_s = 0.0

    def take(self, kind: str, account_id: int | None) -> Place:
        """A place for one more. Raises `Refusal`: 429 when the account has enough, 503 when all are taken."""
        names = ("all", f"kind:{kind}", f"account:{account_id}")
        with self._lock:
            self._check(account_id)
            self._own.update(names)
        OPEN.labels(kind).inc()
        return Place(lambda: self._left(kind, names))

    def is_full(self, account_id: int | None) -> bool:
        """Whether this account could open no more."""
        with self._lock:
            return self._found("all") >= self._overall or self._found(f"account:{account_id}") >= self._per_account

    def count(self, kind: str) -> int:
        """Open streams of a kind, in all workers."""
        with self._lock:
            return self._found(f"kind:{kind}")

    def tell(self, redis: Redis, *, worker: str) -> None:
        """Tell the other workers, and hear from them. Raises `redis.exceptions.RedisError`."""
        pipe: Any = redis.pipeline(transaction=False)
        with self._lock:
            told = {"at": self._now_s, "open": {name: number for name, number in self._own.items() if number}}
        pipe.hset(STREAMS_OPEN, worker, json.dumps(told))
        pipe.expire(STREAMS_OPEN, _KEEP_S)
        pipe.hgetall(STREAMS_OPEN)
        pipe.time()
        _, _, known, (seconds, _) = pipe.execute()
        self._hear(known, worker.encode(), float(seconds))
        if stale := [name for name, told in known.items() if name != worker.encode() and not _is_fresh(told, seconds)]:
            redis.hdel(STREAMS_OPEN, *stale)

    def _check(self, account_id: int | None) -> None:
        if self._found("all") >= self._overall:
            message = f"All {self._overall} places for streams are taken; try again in a moment"
            raise Refusal(Problem(503, "service_unavailable", message, headers={"Retry-After": "5"}))
        if self._found(f"account:{account_id}") >= self._per_account:
            message = f"An account may have {self._per_account} streams open at once; close one first"
            raise Refusal(Problem(429, "too_many_streams", message, headers={"Retry-After": "5"}))

    def _found(self, name: str) -> int:
        return self._own[name] + self._others[name]

    def _left(self, kind: str, names: tuple[str, ...]) -> None:
        with self._lock:
            self._own.subtract(names)
            for name in names:
                if not self._own[name]:
                    del self._own[name]
        OPEN.labels(kind).dec()

    def _hear(self, known: dict[bytes, bytes], own: bytes, now_s: float) -> None:
        others: Counter[str] = Counter()
        for name, told in known.items():
            if name != own and _is_fresh(told, now_s):
                others.update(json.loads(told)["open"])
        with self._lock:
            self._others, self._now_s = others, now_s


def _is_fresh(told: bytes, now_s: float) -> bool:
    """By Redis's own clock alone: whoever told it had heard the time from there."""
    return float(json.loads(told)["at"]) > float(now_s) - _STALE_S
