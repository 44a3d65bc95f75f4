"""The composition root of alerts and of its workers: the only file that knows what is plugged into what."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from celery import Celery
from kombu.exceptions import OperationalError as BrokerError
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from services.alerts.answering import AnswerDesk
from services.alerts.answers import Listening
from services.alerts.arrivals import Arrivals
from services.alerts.backoff import Backoff
from services.alerts.bulkheads import Bulkheads
from services.alerts.channel import Channel, open_channels
from services.alerts.claims import Claims
from services.alerts.configured import check_webhooks, sync_webhooks
from services.alerts.courier import Courier
from services.alerts.fanout import FanoutHandler
from services.alerts.hint import Enqueue, Hint
from services.alerts.listener import LEASE_TTL_S, Listener
from services.alerts.sweeper import Sweeper
from services.alerts.tending import start_tending
from services.alerts.trial import Trial
from services.alerts.watchers import Watchers, build_watchers
from shared.db.engine import connect as connect_database
from shared.db.engine import read_sessions, sessions
from shared.db.secrets import SecretBox, installation_box
from shared.jobs import DELIVER, QUEUE_ALERT_TESTS, celery_app, deliveries_queue
from shared.loops import obey_restart, run_loops
from shared.messages.topics import EVENTS
from shared.observability import Liveness, get_logger
from shared.observability.instance import instance_name
from shared.ownership.lease import Lease
from shared.settings import Settings
from shared.streams import CommandTail, GroupReader, connect, consume

log = get_logger("alerts")

SERVICE = "alerts"
WORKER = "alerts-worker"

_BLOCK_MS = 500
# Hints that wait in a worker for a hand of their channel; the sweeper brings again what finds no place.
_WAITING_PER_CHANNEL = 256

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Alerts:
    """The assembled service: events in, deliveries handed to workers. Nothing runs before `run`."""

    settings: Settings
    instance: str
    redis: Redis
    engine: Engine
    box: SecretBox
    channels: Mapping[str, Channel]
    fanout: FanoutHandler
    sweeper: Sweeper
    listeners: Mapping[str, Listener]
    watchers: Watchers
    liveness: Liveness
    now: Clock

    def run(self, stop: threading.Event) -> int:
        """Work until `stop` is set; the exit status. Blocks."""
        self._sync_webhooks(stop)
        try:
            return run_loops(
                {
                    "events": partial(self._consume, stop),
                    "sweeper": partial(self.sweeper.run, stop),
                    "orders": partial(follow_restarts, self.redis, stop),
                    **{f"answers-{name}": partial(each.run, stop) for name, each in self.listeners.items()},
                    **{name: partial(watch, stop) for name, watch in self.watchers.items()},
                },
                stop=stop,
            )
        finally:
            self.close()

    def close(self) -> None:
        """Give back connections."""
        self.liveness.end()
        for channel in self.channels.values():
            channel.close()
        self.engine.dispose()
        self.redis.close()

    def _sync_webhooks(self, stop: threading.Event) -> None:
        """Bring the configured webhooks into the database, waiting for it."""
        while not stop.is_set():
            try:
                with sessions(self.engine).begin() as session:
                    return sync_webhooks(session, self.settings, self.box, now=self.now())
            except OperationalError as error:
                log.warning("webhooks_not_configured", reason=str(error.orig)[:200])
                stop.wait(1.0)
        return None

    def _consume(self, stop: threading.Event) -> None:
        reader = GroupReader(self.redis, EVENTS, group=SERVICE, member=self.instance)
        consume(
            reader,
            self.fanout,
            stop=stop,
            count=self.settings.alerts.batch,
            block_ms=_BLOCK_MS,
            beat=self.liveness.beat,
        )


@dataclass(frozen=True, slots=True)
class Worker:
    """The assembled hands: a Celery app with the courier's task, and that of test alerts.

    `bulkheads` has the hands of each channel, and those for test alerts (`QUEUE_ALERT_TESTS`).
    """

    app: Celery
    redis: Redis
    engine: Engine
    channels: Mapping[str, Channel]
    courier: Courier
    trial: Trial
    bulkheads: Bulkheads
    arrivals: Arrivals
    liveness: Liveness

    @property
    def queues(self) -> list[str]:
        """Where this worker's tasks come from."""
        return [*map(deliveries_queue, self.channels), QUEUE_ALERT_TESTS]

    def start_tending(self, stop: threading.Event) -> None:
        """Let the channels do what they do beside deliveries until `stop` is set, on threads of their own."""
        start_tending(self.channels, read_sessions(self.engine), stop)

    def abort(self) -> None:
        """Break off what is being sent; those deliveries are due again at once."""
        for channel in self.channels.values():
            channel.abort()

    def close(self) -> None:
        """Give back connections."""
        self.liveness.end()
        for channel in self.channels.values():
            channel.close()
        self.engine.dispose()
        self.redis.close()


def build(settings: Settings, *, instance: str | None = None, now: Clock | None = None) -> Alerts:
    """Assemble the alerts service. Connects to nothing yet; raises `UserError` for settings that cannot work."""
    check_webhooks(settings)
    name, clock = instance or instance_name(SERVICE), now or _utc_now
    redis, engine, box = _stores(settings)
    enqueue = _enqueue(celery_app(settings.known_redis_url))
    channels = open_channels(settings, box)
    desk = AnswerDesk(sessions(engine), now=clock)
    return Alerts(
        settings=settings,
        instance=name,
        redis=redis,
        engine=engine,
        box=box,
        channels=channels,
        fanout=FanoutHandler(
            sessions(engine),
            channels,
            enqueue=enqueue,
            per_recipient=settings.alerts.per_recipient,
            now=clock,
        ),
        sweeper=Sweeper(
            read_sessions(engine),
            enqueue=enqueue,
            queued=partial(_queued, redis),
            per_recipient=settings.alerts.per_recipient,
            interval_s=settings.alerts.sweep_interval_s,
            now=clock,
        ),
        listeners={
            each: Listener(each, channel, desk.take, lease=_ears(redis, each, holder=name))
            for each, channel in channels.items()
            if isinstance(channel, Listening)
        },
        watchers=build_watchers(settings, engine, redis, channels, enqueue=enqueue, now=clock),
        liveness=Liveness(redis, service=SERVICE, instance=name),
        now=clock,
    )


def build_worker(settings: Settings, *, instance: str | None = None, now: Clock | None = None) -> Worker:
    """Assemble a worker. Connects to nothing yet; raises `UserError` for settings that cannot work."""
    redis, engine, box = _stores(settings, pool_size=settings.alerts.concurrency)
    app = celery_app(settings.known_redis_url)
    channels = open_channels(settings, box)
    clock = now or _utc_now
    arrivals = Arrivals(sessions(engine))
    return Worker(
        app=app,
        redis=redis,
        engine=engine,
        channels=channels,
        courier=build_courier(settings, engine, channels, enqueue=_enqueue(app), now=clock, arrivals=arrivals),
        trial=Trial(channels, read_sessions(engine), now=clock),
        bulkheads=Bulkheads(
            [*channels, QUEUE_ALERT_TESTS], hands=settings.alerts.concurrency, waiting=_WAITING_PER_CHANNEL
        ),
        arrivals=arrivals,
        liveness=Liveness(redis, service=WORKER, instance=instance or instance_name(WORKER)),
    )


def build_courier(
    settings: Settings,
    engine: Engine,
    channels: Mapping[str, Channel],
    *,
    enqueue: Enqueue,
    now: Clock,
    arrivals: Arrivals | None = None,
) -> Courier:
    """The courier with the back-off and leases of the settings; somebody is to write `arrivals` down now and then."""
    alerts = settings.alerts
    return Courier(
        engine,
        channels,
        Claims(
            channels,
            lease_s=alerts.lease_s,
            per_recipient=alerts.per_recipient,
            give_up_after_s=alerts.give_up_after_s,
        ),
        backoff=Backoff(alerts.backoff_base_s, alerts.backoff_cap_s, alerts.give_up_after_s),
        enqueue=enqueue,
        arrivals=arrivals or Arrivals(sessions(engine)),
        now=now,
    )


def follow_restarts(redis: Redis, stop: threading.Event) -> None:
    """Set `stop` when a restart of alerts is ordered; the supervisor starts it again."""
    tail = CommandTail(redis)
    while not stop.is_set():
        obey_restart(tail.poll(block_ms=500), stop, service=SERVICE)


def _stores(settings: Settings, *, pool_size: int = 10) -> tuple[Redis, Engine, SecretBox]:
    return (
        connect(settings.known_redis_url),
        connect_database(settings.effective_database_url, pool_size=pool_size),
        installation_box(settings),
    )


def _enqueue(app: Celery) -> Enqueue:
    def enqueue(hint: Hint) -> None:
        told = (hint.id, hint.channel, hint.recipient)
        try:
            app.send_task(DELIVER, told, queue=deliveries_queue(hint.channel), retry=False)
        except BrokerError as error:
            log.warning("enqueue_failed", delivery_id=hint.id, reason=str(error)[:200])

    return enqueue


def _queued(redis: Redis, channel: str) -> int:
    try:
        return int(redis.llen(deliveries_queue(channel)))
    except RedisError:
        return 0


def _ears(redis: Redis, channel: str, *, holder: str) -> Lease:
    return Lease(redis, f"answers:{channel}", holder=holder, ttl_s=LEASE_TTL_S)


def _utc_now() -> datetime:
    return datetime.now(UTC)
