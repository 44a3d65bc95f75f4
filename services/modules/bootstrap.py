"""The composition root of the workers that run specialists; that of the processes that look is `hand_bootstrap.py`."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from celery import Celery
from redis import Redis
from sqlalchemy import Engine

from services.modules.hand import HAND_PROGRAM, Hand
from services.modules.hands import Hands
from services.modules.runner import Runner
from services.modules.specialists import CATALOGUE
from services.modules.sweeper import Sweeper
from shared.db.engine import connect as connect_database
from shared.db.engine import sessions
from shared.domain.errors import UserError
from shared.jobs import celery_app
from shared.media import MediaStore
from shared.modules.book import JobBook, JobRecord
from shared.modules.enqueue import send
from shared.modules.roster import Roster, WorkerInfo
from shared.observability import Liveness
from shared.observability.instance import instance_name
from shared.settings import Settings
from shared.settings.modules import ModulesSettings
from shared.settings.section import nearest
from shared.streams import connect

SERVICE = "modules"
WORKER = "modules-worker"


@dataclass(frozen=True, slots=True)
class Worker:
    """The assembled worker: a Celery app whose one task is the runner's."""

    app: Celery
    instance: str
    run: str
    queues: tuple[str, ...]
    redis: Redis
    engine: Engine
    hands: Hands
    runner: Runner
    sweeper: Sweeper
    roster: Roster
    liveness: Liveness

    def tell(self) -> None:
        """Say who is here and what can be asked of it. Raises `redis.exceptions.RedisError`."""
        modules = self.hands.modules
        self.roster.tell(
            WorkerInfo(
                instance=self.instance,
                run=self.run,
                queues=self.queues,
                ready=modules is not None,
                modules=modules or (),
            )
        )

    def close(self) -> None:
        """Give back processes and connections."""
        self.hands.close()
        self.liveness.end()
        self.engine.dispose()
        self.redis.close()


def build_worker(
    settings: Settings,
    *,
    instance: str | None = None,
    now: Callable[[], datetime] | None = None,
    program: str = HAND_PROGRAM,
) -> Worker:
    """Assemble a worker. Connects to nothing yet; raises `UserError` for settings that cannot work.

    `program` is the module that each hand runs.
    """
    modules, clock = settings.modules, now or _utc_now
    _check_names(modules)
    name = instance or instance_name(WORKER)
    run = f"{name}/{uuid.uuid4().hex[:8]}"
    redis = connect(settings.known_redis_url)
    engine = connect_database(settings.effective_database_url, pool_size=modules.concurrency + 1)
    app = celery_app(settings.known_redis_url)
    book, roster = JobBook(redis, now=clock, worker=run), Roster(redis)

    def resend(record: JobRecord) -> None:
        send(app, record.order)

    hands = Hands(
        [
            Hand(
                time_limit_s=modules.time_limit_s,
                kill_after_s=modules.kill_after_s,
                threads=modules.threads,
                program=program,
            )
            for _ in range(modules.concurrency)
        ],
        idle_s=None if modules.warm else modules.idle_s,
    )
    runner = Runner(book, hands, sessions=sessions(engine), resend=resend, now=clock)
    media = MediaStore.open(settings.effective_media_url)
    sweeper = Sweeper(redis, book=book, roster=roster, runner=runner, media=media, resend=resend, now=clock)
    return Worker(
        app=app,
        instance=name,
        run=run,
        queues=modules.queues,
        redis=redis,
        engine=engine,
        hands=hands,
        runner=runner,
        sweeper=sweeper,
        roster=roster,
        liveness=Liveness(redis, service=WORKER, instance=name),
    )


def _check_names(settings: ModulesSettings) -> None:
    """Raise `UserError`, with the nearest name, for a name in the settings that is no specialist's."""
    for setting, names in (("enabled", settings.enabled), ("specialists", settings.specialists)):
        for name in names:
            if name not in CATALOGUE:
                reason = f"there is no module {name[:64]!r}"
                raise UserError(f"modules.{setting}", reason, remedy=nearest(name, CATALOGUE))


def _utc_now() -> datetime:
    return datetime.now(UTC)
