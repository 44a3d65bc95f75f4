"""The brain's composition root: the only file that knows what is plugged into what."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from redis import Redis
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from services.brain.absences import Absences
from services.brain.configured import sync_rules
from services.brain.deadlines import Deadlines
from services.brain.dispatcher import LEASE_TTL_S as DISPATCHER_LEASE_TTL_S
from services.brain.dispatcher import Dispatcher
from services.brain.docket import LEASE_TTL_S as DOCKET_LEASE_TTL_S
from services.brain.docket import Docket
from services.brain.findings import FindingHandler
from services.brain.health import HealthHandler
from services.brain.known_modules import KnownModules
from services.brain.last_seen import LastSeen
from services.brain.presences import PresenceHandler
from services.brain.relay import LEASE_TTL_S, Relay
from services.brain.retention import LEASE_TTL_S as RETENTION_LEASE_TTL_S
from services.brain.retention import Retention
from services.brain.scenes import SceneLooks, owned_cameras
from services.brain.site import Site
from services.brain.telling import Court
from services.brain.timeline import CameraFacts
from shared.db.engine import SessionFactory, read_sessions, sessions
from shared.db.engine import connect as connect_database
from shared.domain.ids import shard_of
from shared.jobs import celery_app
from shared.loops import obey_restart, run_loops
from shared.media import MediaStore
from shared.messages.commands import SyncCamera, SyncRules
from shared.messages.topics import FINDINGS, HEALTH, PRESENCES
from shared.modules.book import JobBook
from shared.observability import Liveness, get_logger
from shared.observability.instance import instance_name
from shared.ownership import ShardOwnership
from shared.ownership.lease import Lease
from shared.rules.document import RuleDocument, read_rules
from shared.settings import Settings
from shared.streams import CommandTail, GroupReader, connect, consume, waiting_s

log = get_logger("brain")

SERVICE = "brain"

_BLOCK_MS = 500


@dataclass(frozen=True, slots=True)
class Brain:
    """The assembled service. Nothing runs before `run`."""

    settings: Settings
    instance: str
    redis: Redis
    engine: Engine
    writes: SessionFactory
    rules: Sequence[RuleDocument]
    now: Callable[[], datetime]
    site: Site
    relay: Relay
    dispatcher: Dispatcher
    deadlines: Deadlines
    docket: Docket
    ownership: ShardOwnership
    presences: PresenceHandler
    health: HealthHandler
    findings: FindingHandler
    scenes: SceneLooks
    absences: Absences
    retention: Retention
    liveness: Liveness

    def run(self, stop: threading.Event) -> int:
        """Work until `stop` is set; the exit status. Blocks."""
        self._sync_rules(stop)
        self.ownership.start()
        try:
            return run_loops(
                {
                    "presences": partial(self._consume_presences, stop),
                    "health": partial(self._consume_health, stop),
                    "findings": partial(self._consume_findings, stop),
                    "relay": partial(self.relay.run, stop),
                    "deadlines": partial(self.deadlines.run, stop),
                    "docket": partial(self.docket.run, stop),
                    "scenes": partial(self.scenes.run, stop),
                    "absences": partial(self.absences.run, stop),
                    "dispatcher": partial(self.dispatcher.run, stop),
                    "retention": partial(self.retention.run, stop),
                    "orders": partial(self._follow_orders, stop),
                },
                stop=stop,
                stopping=self._wake,
            )
        finally:
            self.close()

    def close(self) -> None:
        """Give back shards and connections."""
        self.ownership.stop()
        self.liveness.end()
        self.engine.dispose()
        self.redis.close()

    def _sync_rules(self, stop: threading.Event) -> None:
        """Bring the rules of argus.yaml into the database; one that is away is waited for."""
        while not stop.is_set():
            try:
                with self.writes.begin() as session:
                    return sync_rules(session, self.rules, now=self.now())
            except OperationalError as error:
                log.warning("rules_wait_for_database", reason=str(error.orig)[:200])
                stop.wait(1.0)
        return None

    def _wake(self) -> None:
        self.relay.wake()
        self.dispatcher.wake()
        self.deadlines.wake()
        self.docket.wake()

    def _consume_presences(self, stop: threading.Event) -> None:
        reader = GroupReader(
            self.redis, PRESENCES, group=SERVICE, member=self.instance, shards=lambda: self.ownership.owned
        )
        consume(
            reader,
            self.presences,
            stop=stop,
            count=self.settings.brain.batch,
            block_ms=_BLOCK_MS,
            beat=self.liveness.beat,
        )

    def _consume_health(self, stop: threading.Event) -> None:
        reader = GroupReader(self.redis, HEALTH, group=SERVICE, member=self.instance)
        consume(reader, self.health, stop=stop, block_ms=_BLOCK_MS)

    def _consume_findings(self, stop: threading.Event) -> None:
        reader = GroupReader(self.redis, FINDINGS, group=SERVICE, member=self.instance)
        consume(reader, self.findings, stop=stop, block_ms=_BLOCK_MS)

    def _follow_orders(self, stop: threading.Event) -> None:
        tail = CommandTail(self.redis)
        next_sync = time.monotonic() + self._sync_safely()
        while not stop.is_set():
            orders = tail.poll(block_ms=_BLOCK_MS)
            if obey_restart(orders, stop, service=SERVICE):
                return
            if time.monotonic() >= next_sync or any(isinstance(order, SyncCamera | SyncRules) for order in orders):
                next_sync = time.monotonic() + self._sync_safely()

    def _sync_safely(self) -> float:
        """Read cameras and rules again; seconds until that is due again."""
        try:
            self.site.refresh()
        except OperationalError as error:
            log.warning("sync_failed", reason=str(error.orig)[:200])
            return 1.0
        return self.settings.brain.sync_interval_s


@dataclass(frozen=True, slots=True)
class _Ground:
    """What all parts stand on."""

    settings: Settings
    name: str
    now: Callable[[], datetime]
    redis: Redis
    writes: SessionFactory
    reads: SessionFactory
    media: MediaStore

    def lease(self, what: str, ttl_s: float) -> Lease:
        return Lease(self.redis, what, holder=self.name, ttl_s=ttl_s)


def build(settings: Settings, *, instance: str | None = None, now: Callable[[], datetime] | None = None) -> Brain:
    """Assemble the brain. Connects to nothing yet; raises `UserError` for settings that cannot work."""
    name = instance or instance_name(SERVICE)
    rules = read_rules(settings.rules, new=False)
    clock = now or (lambda: datetime.now(UTC))
    redis = connect(settings.known_redis_url)
    engine = connect_database(settings.effective_database_url)
    writes, reads = sessions(engine), read_sessions(engine)
    media = MediaStore.open(settings.effective_media_url)
    ground = _Ground(settings, name, clock, redis, writes, reads, media)
    site = Site(reads, heed_marks=settings.brain.heed_marks, now=clock)
    interval_s = settings.brain.relay_interval_s
    relay = Relay(writes, reads, redis=redis, lease=ground.lease("outbox", LEASE_TTL_S), interval_s=interval_s)
    deadlines = Deadlines(writes, reads, now=clock, committed=relay.wake, interval_s=interval_s)
    docket = _build_docket(ground, committed=relay.wake)
    court = Court(settings.has_judge, settings.judge.tell_rejected)

    def committed() -> None:
        relay.wake()
        if court.judging:
            deadlines.wake()
            docket.wake()

    modules = KnownModules(redis)
    dispatcher = _build_dispatcher(ground, modules)
    ownership = ShardOwnership(redis, service=SERVICE, instance=name, shards=settings.shards)

    def own_cameras() -> Mapping[str, CameraFacts]:
        return owned_cameras(site.view.cameras, ownership.owned, shards=settings.shards)

    last_seen = LastSeen()
    return Brain(
        settings=settings,
        instance=name,
        redis=redis,
        engine=engine,
        writes=writes,
        rules=rules,
        now=clock,
        site=site,
        relay=relay,
        dispatcher=dispatcher,
        deadlines=deadlines,
        docket=docket,
        ownership=ownership,
        scenes=_build_scenes(ground, modules, cameras=own_cameras),
        absences=_build_absences(ground, site, cameras=own_cameras, last_seen=last_seen, committed=committed),
        retention=Retention(
            writes,
            reads,
            redis=redis,
            media=media,
            lease=ground.lease("retention", RETENTION_LEASE_TTL_S),
            settings=settings.retention,
            now=clock,
        ),
        presences=PresenceHandler(
            writes,
            site,
            now=clock,
            committed=committed,
            last_seen=last_seen,
            known=lambda: modules.known,
            ordered=dispatcher.wake,
            court=court,
        ),
        health=HealthHandler(writes, now=clock, committed=relay.wake),
        findings=FindingHandler(
            writes,
            site,
            redis=redis,
            media=media,
            now=clock,
            committed=committed,
            ordered=dispatcher.wake,
            court=court,
        ),
        liveness=Liveness(redis, service=SERVICE, instance=name),
    )


def _build_docket(ground: _Ground, *, committed: Callable[[], None]) -> Docket:
    settings = ground.settings
    return Docket(
        ground.writes,
        ground.reads,
        app=celery_app(settings.known_redis_url),
        redis=ground.redis,
        lease=ground.lease("docket", DOCKET_LEASE_TTL_S),
        bound=settings.judge.queue_bound,
        patience_s=settings.judge.patience_s,
        now=ground.now,
        committed=committed,
        interval_s=settings.brain.relay_interval_s,
    )


def _build_dispatcher(ground: _Ground, modules: KnownModules) -> Dispatcher:
    settings = ground.settings
    return Dispatcher(
        ground.writes,
        app=celery_app(settings.known_redis_url),
        book=JobBook(ground.redis, now=ground.now),
        modules=modules,
        lease=ground.lease("module-orders", DISPATCHER_LEASE_TTL_S),
        bound=settings.modules.queue_bound,
        now=ground.now,
        interval_s=settings.brain.relay_interval_s,
    )


def _build_scenes(
    ground: _Ground, modules: KnownModules, *, cameras: Callable[[], Mapping[str, CameraFacts]]
) -> SceneLooks:
    settings = ground.settings
    return SceneLooks(
        ground.redis,
        app=celery_app(settings.known_redis_url),
        book=JobBook(ground.redis, now=ground.now),
        media=ground.media,
        modules=modules,
        cameras=cameras,
        usual=frozenset(settings.modules.scene),
        bound=settings.modules.queue_bound,
        now=ground.now,
    )


def _build_absences(
    ground: _Ground,
    site: Site,
    *,
    cameras: Callable[[], Mapping[str, CameraFacts]],
    last_seen: LastSeen,
    committed: Callable[[], None],
) -> Absences:
    def behind_s(camera: str) -> float:
        stream = PRESENCES.stream(shard_of(camera, ground.settings.shards))
        return waiting_s(ground.redis, stream, group=SERVICE)

    return Absences(
        ground.writes,
        site,
        redis=ground.redis,
        cameras=cameras,
        last_seen=last_seen,
        behind_s=behind_s,
        now=ground.now,
        committed=committed,
    )
