"""The gateway's composition root."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from sqlalchemy import Engine

from services.gateway.alert_tests import AlertTests
from services.gateway.asking import Asker
from services.gateway.auth.authenticator import Authenticator
from services.gateway.auth.backoff import LoginBackoff
from services.gateway.auth.request import Network, networks
from services.gateway.auth.revocations import Revocations
from services.gateway.auth.tokens import Tokens
from services.gateway.cleanup import Cleanup
from services.gateway.gateway import Gateway
from services.gateway.idempotency import Replays
from services.gateway.known_labels import known_labels
from services.gateway.live.feeds import Feeds
from services.gateway.live.pictures import LivePictures
from services.gateway.live.places import StreamPlaces
from services.gateway.module_jobs import ModuleJobs
from services.gateway.orders import send_order
from services.gateway.queries.event_counts import EventCounts
from services.gateway.queries.health import (
    HealthCheck,
    database_probe,
    ollama_probe,
    pipeline_probe,
    redis_probe,
)
from services.gateway.queries.recent_recognitions import RecentRecognitions
from services.gateway.queries.stats import SystemStats
from services.gateway.soft_redis import SoftRedis
from shared.db.engine import connect as connect_database
from shared.db.engine import read_sessions, sessions
from shared.db.horizon import Horizon
from shared.db.prepared import Readers
from shared.db.secrets import installation_box
from shared.domain.errors import UserError
from shared.jobs import celery_app
from shared.media import MediaStore
from shared.recipients.links import open_links
from shared.retention.old_events import OldEvents
from shared.retention.seen_now import presences_there
from shared.settings import Settings


@dataclass(frozen=True, slots=True)
class Patience:
    """How long an answer waits for what it can do without, seconds.

    People wait for these answers: one who meets a Redis that hangs, and probes after that, waits less than a second.
    """

    redis_s: float = 0.4
    probes_s: float = 0.5


@dataclass(frozen=True, slots=True)
class Opened:
    """A gateway with what has to be closed."""

    gateway: Gateway
    engine: Engine

    def close(self) -> None:
        self.gateway.health.close()
        self.gateway.stats.close()
        self.gateway.redis.close()
        self.engine.dispose()


def build(settings: Settings, *, now: Callable[[], datetime] | None = None, patience: Patience | None = None) -> Opened:
    """Assemble the gateway. Connects to nothing yet; raises `UserError` for settings that cannot work."""
    patience = patience or Patience()
    clock = now or _utc_now
    engine = connect_database(settings.effective_database_url, pool_size=settings.gateway.threads + 2)
    redis = impatient_redis(settings, timeout_s=patience.redis_s)
    soft_redis = SoftRedis(redis)
    celery = celery_app(settings.known_redis_url)
    box = installation_box(settings)
    reads, writes, readers = read_sessions(engine), sessions(engine), Readers(engine)
    tokens, revocations = Tokens(box.derived_key("tokens"), now=clock), Revocations(soft_redis)
    health = HealthCheck(
        {
            "redis": redis_probe(redis),
            "ollama": ollama_probe(settings.ollama.url, timeout_s=patience.probes_s),
            "database": database_probe(engine),
        },
        pipeline=pipeline_probe(redis, judging=settings.has_judge),
        deadline_s=patience.probes_s,
    )
    media = MediaStore.open(settings.effective_media_url)
    old_events = OldEvents(writes, reads, media=media, there=lambda camera: presences_there(redis, camera), now=clock)
    gateway = Gateway(
        settings=settings,
        writes=writes,
        reads=reads,
        readers=readers,
        writers=Horizon(readers),
        redis=redis,
        soft_redis=soft_redis,
        asker=Asker(redis, at_once=max(1, settings.gateway.threads // 2)),
        media=media,
        box=box,
        labels=known_labels(settings),
        links=open_links(settings, box, now=clock),
        authenticator=Authenticator(
            reads=reads,
            readers=readers,
            writes=writes,
            backoff=LoginBackoff(soft_redis),
            tokens=tokens,
            revocations=revocations,
            now=clock,
        ),
        tokens=tokens,
        revocations=revocations,
        replays=Replays(soft_redis, box),
        event_counts=EventCounts(),
        recent_recognitions=RecentRecognitions(readers, now=clock),
        feeds=Feeds(),
        cleanup=Cleanup(old_events, soft_redis, days=settings.retention.events_days),
        health=health,
        stats=SystemStats(
            data_dir=settings.data_dir, redis=redis, shards=settings.shards, deadline_s=patience.probes_s
        ),
        alert_tests=AlertTests(redis, celery, at_once=max(1, settings.gateway.threads // 4)),
        modules=ModuleJobs(redis, celery, bound=settings.modules.queue_bound, now=clock),
        pictures=LivePictures(settings.known_redis_url, order=partial(send_order, soft_redis)),
        places=StreamPlaces(overall=settings.gateway.streams, per_account=settings.gateway.streams_per_account),
        trusted_proxies=_trusted(settings),
        now=clock,
    )
    return Opened(gateway=gateway, engine=engine)


def impatient_redis(settings: Settings, *, timeout_s: float) -> Redis:
    """A client that gives up soon and does not try twice. Raises `UserError` without a usable URL."""
    try:
        return Redis.from_url(
            settings.known_redis_url,
            protocol=2,
            socket_timeout=timeout_s,
            socket_connect_timeout=timeout_s,
            retry=Retry(NoBackoff(), retries=0),
        )
    except ValueError as error:
        raise UserError("redis_url", str(error), remedy="redis://host:port/db, rediss://… or unix://…") from None


def _trusted(settings: Settings) -> tuple[Network, ...]:
    try:
        return networks(settings.gateway.trusted_proxies)
    except ValueError as error:
        raise UserError(
            "gateway.trusted_proxies", str(error), remedy="write addresses or networks such as 10.0.0.0/8"
        ) from None


def _utc_now() -> datetime:
    return datetime.now(UTC)
