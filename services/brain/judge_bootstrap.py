"""The composition root of the workers that ask the judge; that of the brain itself is `bootstrap.py`."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from celery import Celery
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from services.brain.breaker import Breaker
from services.brain.hearing import Hearing, Manners
from services.brain.judge import Judge
from services.brain.judges import CATALOGUE
from services.brain.relay import LEASE_TTL_S, Relay
from shared.db.engine import connect as connect_database
from shared.db.engine import read_sessions, sessions
from shared.jobs import celery_app
from shared.media import MediaStore
from shared.observability import Liveness, get_logger
from shared.observability.instance import instance_name
from shared.ownership.lease import Lease
from shared.plugin import load_class
from shared.settings import Settings
from shared.streams import connect

log = get_logger("brain.judge")

WORKER = "judge-worker"


@dataclass(frozen=True, slots=True)
class JudgeWorker:
    """The assembled worker: a Celery app whose one task is a hearing."""

    app: Celery
    redis: Redis
    engine: Engine
    judge: Judge
    hearing: Hearing
    liveness: Liveness

    def close(self) -> None:
        """Give back connections."""
        self.judge.close()
        self.liveness.end()
        self.engine.dispose()
        self.redis.close()


def build_judge_worker(
    settings: Settings, *, instance: str | None = None, now: Callable[[], datetime] | None = None
) -> JudgeWorker:
    """Assemble a worker. Connects to nothing yet; raises `UserError` for settings that cannot work."""
    name, clock = instance or instance_name(WORKER), now or _utc_now
    redis = connect(settings.known_redis_url)
    engine = connect_database(settings.effective_database_url, pool_size=settings.judge.concurrency + 1)
    writes, reads = sessions(engine), read_sessions(engine)
    judge = open_judge(settings)
    relay = Relay(
        writes,
        reads,
        redis=redis,
        lease=Lease(redis, "outbox", holder=name, ttl_s=LEASE_TTL_S),
        interval_s=settings.brain.relay_interval_s,
    )
    hearing = Hearing(
        writes,
        judge=judge,
        breaker=Breaker(failures=settings.judge.breaker_failures, open_s=settings.judge.breaker_open_s),
        media=MediaStore.open(settings.effective_media_url),
        manners=Manners(settings.judge.language, settings.judge.tell_rejected),
        now=clock,
        committed=_relayed(relay),
    )
    return JudgeWorker(
        app=celery_app(settings.known_redis_url),
        redis=redis,
        engine=engine,
        judge=judge,
        hearing=hearing,
        liveness=Liveness(redis, service=WORKER, instance=name),
    )


def open_judge(settings: Settings) -> Judge:
    """The judge of the settings. Raises `UserError`."""
    judge: Judge = load_class("judge", settings.judge.kind, catalogue=CATALOGUE, field="judge.kind").open(settings)
    return judge


def _relayed(relay: Relay) -> Callable[[], None]:
    """Publish what was committed at once: nobody wakes the brain's own relay, which looks every second or so."""
    lock, never = threading.Lock(), threading.Event()

    def publish() -> None:
        # One thread at a time, for all of them hold the lease under one name.
        with lock:
            try:
                relay.drain(never)
            except (RedisError, OperationalError) as error:
                log.warning("left_to_the_brain", reason=str(error)[:200])

    return publish


def _utc_now() -> datetime:
    return datetime.now(UTC)
