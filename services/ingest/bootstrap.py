"""Ingest's composition root: the only file that knows what is plugged into what."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from av.video.stream import VideoStream
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from services.ingest.backoff import Backoff
from services.ingest.bursts import BurstDesk
from services.ingest.camera import CameraPlan, CameraWorker
from services.ingest.faults import SourceFailed
from services.ingest.health import CameraHealth
from services.ingest.live import LiveDesk
from services.ingest.outgoing import Outgoing
from services.ingest.pictures import PictureMaker
from services.ingest.probing import Probes
from services.ingest.recorder import Footage, NoFootage
from services.ingest.recording import Recording, open_recording
from services.ingest.sampling import SamplingSettings
from services.ingest.session import Session
from services.ingest.snapshots import SnapshotDesk
from services.ingest.source import Source, SourceOptions, make_source
from services.ingest.supervisor import SERVICE, Supervisor
from shared.db.camera_configs import CameraConfig, enabled_cameras
from shared.db.engine import SessionFactory, as_transient, read_sessions
from shared.db.engine import connect as connect_database
from shared.db.secrets import SecretBox, installation_box
from shared.domain.camera import CameraFault
from shared.domain.camera_url import CameraUrl
from shared.domain.errors import UserError
from shared.messages.answers import SnapshotAnswer
from shared.messages.camera_status import read_told_down_since
from shared.messages.commands import PROBE_LOOK_S, TakeBurst, TakeSnapshot
from shared.messages.topics import CAMERA_SNAPSHOT, CAMERA_STATUS, LIVE_PICTURES
from shared.observability import Liveness, get_logger
from shared.observability.instance import instance_name
from shared.ownership import ShardOwnership
from shared.settings import Settings
from shared.settings.sections import IngestSettings
from shared.streams import CommandTail, connect

log = get_logger("ingest")

_ORDERS_BLOCK_MS = 400


@dataclass(frozen=True, slots=True)
class IngestService:
    """The assembled service. Nothing runs before `run`."""

    settings: Settings
    instance: str
    redis: Redis
    engine: Engine
    ownership: ShardOwnership
    outgoing: Outgoing
    supervisor: Supervisor
    liveness: Liveness
    recording: Recording | None = None

    def run(self, stop_event: threading.Event) -> int:
        """Work until `stop_event` is set, then end within three seconds; the exit status. Blocks."""
        self.ownership.start()
        self.outgoing.start()
        if self.recording is not None:
            self.recording.start()
        tail = CommandTail(self.redis)
        try:
            self.supervisor.run(
                stop_event,
                orders=lambda: tail.poll(block_ms=_ORDERS_BLOCK_MS),
                beat=lambda cameras: self.liveness.beat(cameras=cameras),
            )
        finally:
            self.close()
        return 0

    def close(self) -> None:
        """Stop every camera; give back shards and connections."""
        self.supervisor.stop(timeout_s=1.0)
        if self.recording is not None:
            self.recording.stop()
        self.outgoing.stop(timeout_s=0.5)
        self.ownership.stop()
        self.liveness.end()
        self.engine.dispose()
        self.redis.close()


@dataclass(frozen=True, slots=True)
class WorkerFactory:
    """Makes and starts a camera's worker."""

    settings: Settings
    redis: Redis
    outgoing: Outgoing
    recording: Recording | None = None

    def __call__(self, config: CameraConfig, shard: int) -> CameraWorker:
        ingest = self.settings.ingest
        worker = CameraWorker(
            CameraPlan(
                camera=config.slug,
                source=lambda: self._source(config),
                session_of=lambda source, stream: open_session(config.slug, source, stream, ingest),
                footage_of=lambda stream, session: self._footage(config, stream, session),
                channel=self.outgoing.channel(config.slug, shard=shard),
                health=CameraHealth(
                    config.slug,
                    now=datetime.now(UTC),
                    down_after_s=ingest.down_after_s,
                    told_down_since=self._told_down_since(config.slug),
                ),
                backoff=Backoff(base_s=ingest.backoff_base_s, cap_s=ingest.backoff_cap_s),
                snapshots=SnapshotDesk(config.slug, send=self._send_snapshot),
                bursts=BurstDesk(config.slug, send=self._send_picture),
                live=LiveDesk(send=self._show, width=ingest.live_width),
            )
        )
        worker.start()
        return worker

    def _send_snapshot(self, order: TakeSnapshot, answer: SnapshotAnswer) -> None:
        # A refusal is not kept: the camera may be back for the next one who asks.
        keep_as = CAMERA_SNAPSHOT.format(slug=order.camera, width=order.width or 0) if answer.jpeg else ""
        self.outgoing.answer(order.reply_to, answer.packed(), keep_as=keep_as)

    def _send_picture(self, order: TakeBurst, answer: SnapshotAnswer) -> None:
        self.outgoing.answer(order.reply_to, answer.packed())

    def _show(self, picture: SnapshotAnswer) -> None:
        self.outgoing.show(LIVE_PICTURES.format(slug=picture.camera), picture.packed())

    def _source(self, config: CameraConfig) -> Source:
        # Asked anew for every connection: what a link points to may have changed since.
        try:
            address = CameraUrl.parse(config.url, file_roots=self.settings.file_roots)
        except UserError as error:
            raise SourceFailed(CameraFault.INVALID_URL, error.reason) from None
        options = SourceOptions(
            connect_timeout_s=self.settings.ingest.connect_timeout_s,
            stall_timeout_s=self.settings.ingest.stall_timeout_s,
        )
        return make_source(address, options=options)

    def _footage(self, config: CameraConfig, stream: VideoStream, session: Session) -> Footage:
        # A camera's own option can only leave it out of what is recorded.
        if self.recording is None or config.options.get("record") is False:
            return NoFootage()
        return self.recording.recorder.begin(config.slug, stream, fps=session.declared_fps)

    def _told_down_since(self, slug: str) -> datetime | None:
        try:
            fields = self.redis.hgetall(CAMERA_STATUS.format(slug=slug))
        except RedisError:
            return None
        return read_told_down_since(fields) if isinstance(fields, Mapping) else None


def build(settings: Settings, *, instance: str | None = None) -> IngestService:
    """Assemble ingest. Connects to nothing yet; raises `UserError` for settings that cannot work."""
    name = instance or instance_name(SERVICE)
    redis = connect(settings.known_redis_url)
    engine = connect_database(settings.effective_database_url)
    box = installation_box(settings)
    ownership = ShardOwnership(redis, service=SERVICE, instance=name, shards=settings.shards)
    outgoing = Outgoing(connect(settings.known_redis_url, socket_timeout_s=2.0))
    reads = read_sessions(engine)
    recording = open_recording(settings) if settings.ingest.record else None
    probes = Probes(
        box=box,
        file_roots=settings.file_roots,
        timeout_s=settings.ingest.connect_timeout_s + PROBE_LOOK_S,
        send=lambda reply_to, answer: outgoing.answer(reply_to, answer.packed()),
    )
    return IngestService(
        settings=settings,
        instance=name,
        redis=redis,
        engine=engine,
        ownership=ownership,
        outgoing=outgoing,
        supervisor=Supervisor(
            cameras=lambda: _cameras(reads, box),
            start=WorkerFactory(settings, redis, outgoing, recording),
            owned=lambda: ownership.owned,
            shards=settings.shards,
            sync_interval_s=settings.ingest.sync_interval_s,
            probe=probes.begin,
        ),
        liveness=Liveness(redis, service=SERVICE, instance=name),
        recording=recording,
    )


def _cameras(reads: SessionFactory, box: SecretBox) -> Mapping[str, CameraConfig]:
    try:
        with reads() as session:
            return enabled_cameras(session, box)
    except OperationalError as error:
        raise as_transient(error) from error


def open_session(camera: str, source: Source, stream: VideoStream, settings: IngestSettings) -> Session:
    return Session(
        stream,
        camera=camera,
        session_id=uuid.uuid4().hex[:12],
        sampling=SamplingSettings(
            active_fps=settings.active_fps,
            idle_fps=settings.idle_fps,
            active_hold_s=settings.active_hold_s,
            preroll_s=settings.preroll_s,
        ),
        pictures=PictureMaker(max_side=settings.max_side, jpeg_quality=settings.jpeg_quality),
        live=source.live,
    )
