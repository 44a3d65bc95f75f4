"""The record of every job for a specialist: where it stands, kept in Redis for a day.

Whoever asks submits, the worker claims, tells its progress and ends. Every step is one transaction on the record,
so two workers never do the same job and an ended one stays as it ended. All methods raise
`redis.exceptions.RedisError` while Redis is away.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

from pydantic import ValidationError
from redis import Redis
from redis.exceptions import WatchError

from shared.domain.errors import Transient
from shared.messages.topics import MODULE_JOB, MODULE_JOBS_COUNT, MODULE_JOBS_OPEN
from shared.modules.order import ModuleOrder

KEEP_S: Final = 86_400

Status = Literal["queued", "processing", "completed", "failed"]

_TRIES = 20
_FULL_AGAIN_S = 5.0


class QueueFull(Transient):
    """More jobs are open than the setting allows."""


@dataclass(frozen=True, slots=True)
class JobRecord:
    """One job as it stands. `progress` is a share 0..1; times are None until they are known."""

    order: ModuleOrder
    status: Status
    progress: float
    attempts: int
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    results: Mapping[str, Any] | None = None
    error: str | None = None

    @property
    def id(self) -> str:
        return self.order.job_id

    @property
    def processing_time_ms(self) -> int | None:
        """How long the last attempt took."""
        if self.started_at is None or self.ended_at is None:
            return None
        return max(0, round((self.ended_at - self.started_at).total_seconds() * 1000))


class JobBook:
    """`now` is the wall clock (UTC); `worker` names one run of a worker, in whose hands claimed jobs are.

    Safe to share between threads.
    """

    def __init__(self, redis: Redis, *, now: Callable[[], datetime], worker: str = "") -> None:
        # redis-py annotates the replies of every protocol at once; ours are those of RESP2, in bytes.
        self._redis: Any = redis
        self._now = now
        self._worker = worker

    def submit(self, order: ModuleOrder, *, bound: int) -> int:
        """Write the record, queued, and return how many jobs of its queue are ahead, the running ones counted.

        Raises `QueueFull` when `bound` jobs are open.
        """
        self.submit_new(order, bound=bound)
        return self.ahead(order)

    def submit_new(self, order: ModuleOrder, *, bound: int) -> bool:
        """Write the record, queued, unless there is one of this id already; whether there was none.

        Raises `QueueFull` when `bound` jobs are open.
        """
        now = self._now()
        key = MODULE_JOB.format(id=order.job_id)
        with self._redis.pipeline() as pipe:
            for _ in range(_TRIES):
                try:
                    pipe.watch(MODULE_JOBS_OPEN, key)
                    if pipe.exists(key):
                        return False
                    if pipe.zcard(MODULE_JOBS_OPEN) >= bound:
                        raise QueueFull(f"{bound} jobs are open already", retry_after_s=_FULL_AGAIN_S)
                    number = pipe.incr(MODULE_JOBS_COUNT)
                    pipe.multi()
                    pipe.hset(
                        key,
                        mapping={
                            "order": order.model_dump_json(),
                            "queue": order.queue,
                            "status": "queued",
                            "progress": 0.0,
                            "attempts": 0,
                            "created_at": now.isoformat(),
                        },
                    )
                    pipe.expire(key, KEEP_S)
                    pipe.zadd(MODULE_JOBS_OPEN, {_member(order): number})
                    pipe.execute()
                    return True
                except WatchError:
                    continue
        raise Transient("too many jobs at once", retry_after_s=1.0)

    def withdraw(self, order: ModuleOrder) -> None:
        """Forget a job that could not be handed over after all."""
        pipe = self._redis.pipeline()
        pipe.delete(MODULE_JOB.format(id=order.job_id))
        pipe.zrem(MODULE_JOBS_OPEN, _member(order))
        pipe.execute()

    def ahead(self, order: ModuleOrder) -> int:
        """How many open jobs of the same queue came before this one; 0 for one that is open no more."""
        rank = self._redis.zrank(MODULE_JOBS_OPEN, _member(order))
        before = self._redis.zrange(MODULE_JOBS_OPEN, 0, rank - 1) if rank else ()
        return sum(1 for member in before if _queue_of(member) == order.queue)

    def get(self, job_id: str) -> JobRecord | None:
        """The job, or None when there is none (any more)."""
        return _record(self._redis.hgetall(MODULE_JOB.format(id=job_id)))

    def open_jobs(self) -> list[str]:
        """The ids of all jobs that are queued or being done, oldest first."""
        return [member.decode().partition(" ")[0] for member in self._redis.zrange(MODULE_JOBS_OPEN, 0, -1)]

    def forget_gone(self, job_id: str) -> None:
        """Take a job whose record has expired from the open ones."""
        pipe = self._redis.pipeline()
        for member in self._redis.zrange(MODULE_JOBS_OPEN, 0, -1):
            if member.decode().partition(" ")[0] == job_id:
                pipe.zrem(MODULE_JOBS_OPEN, member)
        pipe.execute()

    def claim(self, job_id: str) -> JobRecord | None:
        """Take a queued job in hand; None when it is somebody else's, has ended or is unknown."""
        now = self._now()
        return self._change(
            job_id,
            only_when=lambda fields: fields.get(b"status") == b"queued",
            values=lambda fields: {
                "status": "processing",
                "progress": 0.0,
                "attempts": int(fields[b"attempts"]) + 1,
                "started_at": now.isoformat(),
                "worker": self._worker,
            },
        )

    def tell_progress(self, job_id: str, share: float) -> None:
        """Say how much of a job in hand is done, 0..1."""
        done = {"progress": round(min(max(share, 0.0), 1.0), 3)}
        self._change(job_id, only_when=self._in_hand, values=lambda _: done)

    def complete(self, job_id: str, results: Mapping[str, Any]) -> bool:
        """End a job in hand well; whether it was in hand. `results` must be JSON-able."""
        text = json.dumps(results, allow_nan=False, separators=(",", ":"))
        return self._end(job_id, {"status": "completed", "progress": 1.0, "results": text})

    def fail(self, job_id: str, error: str) -> bool:
        """End a job in hand badly; whether it was in hand."""
        return self._end(job_id, {"status": "failed", "error": error[:1000]})

    def give_back(self, job_id: str, *, counts: bool = True) -> bool:
        """Make a job in hand a queued one again; whether it was in hand. `counts`: as one of its attempts."""

        def queued(fields: Mapping[bytes, bytes]) -> Mapping[str, Any]:
            return {"status": "queued", "attempts": int(fields[b"attempts"]) - (not counts)}

        return self._change(job_id, only_when=self._in_hand, values=queued) is not None

    def take_orphan(self, job_id: str, *, living: Container[str]) -> JobRecord | None:
        """Take over a job that a worker has in hand which lives no more; None when there is no such job."""

        def orphaned(fields: Mapping[bytes, bytes]) -> bool:
            return fields.get(b"status") == b"processing" and fields.get(b"worker", b"").decode() not in living

        return self._change(job_id, only_when=orphaned, values=lambda _: {"worker": self._worker})

    def _in_hand(self, fields: Mapping[bytes, bytes]) -> bool:
        return fields.get(b"status") == b"processing" and fields.get(b"worker", b"").decode() == self._worker

    def _end(self, job_id: str, values: Mapping[str, Any]) -> bool:
        ended = {**values, "ended_at": self._now().isoformat()}
        return self._change(job_id, only_when=self._in_hand, values=lambda _: ended, closes=True) is not None

    def _change(
        self,
        job_id: str,
        *,
        only_when: Callable[[Mapping[bytes, bytes]], bool],
        values: Callable[[Mapping[bytes, bytes]], Mapping[str, Any]],
        closes: bool = False,
    ) -> JobRecord | None:
        """Change the record in one step; the record as it then is, None when the condition does not hold."""
        key = MODULE_JOB.format(id=job_id)
        with self._redis.pipeline() as pipe:
            for _ in range(_TRIES):
                try:
                    pipe.watch(key)
                    fields = pipe.hgetall(key)
                    if not fields or not only_when(fields):
                        return None
                    changed = {name: str(value) for name, value in values(fields).items()}
                    pipe.multi()
                    pipe.hset(key, mapping=changed)
                    if closes:
                        pipe.expire(key, KEEP_S)
                        pipe.zrem(MODULE_JOBS_OPEN, f"{job_id} {fields[b'queue'].decode()}")
                    pipe.execute()
                    return _record({**fields, **{name.encode(): text.encode() for name, text in changed.items()}})
                except WatchError:
                    continue
        raise Transient(f"the record of {job_id} changes too fast", retry_after_s=1.0)


def _member(order: ModuleOrder) -> str:
    return f"{order.job_id} {order.queue}"


def _queue_of(member: bytes) -> str:
    return member.decode().partition(" ")[2]


def _record(fields: Mapping[bytes, bytes]) -> JobRecord | None:
    if not fields:
        return None
    text = {name.decode(): value.decode() for name, value in fields.items()}
    try:
        order = ModuleOrder.model_validate_json(text["order"])
        return JobRecord(
            order=order,
            status=text["status"],  # type: ignore[arg-type]
            progress=float(text["progress"]),
            attempts=int(text["attempts"]),
            created_at=_time(text["created_at"]),
            started_at=_time(text["started_at"]) if "started_at" in text else None,
            ended_at=_time(text["ended_at"]) if "ended_at" in text else None,
            results=json.loads(text["results"]) if "results" in text else None,
            error=text.get("error"),
        )
    except (KeyError, ValueError, ValidationError):
        return None


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
