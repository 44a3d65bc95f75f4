"""One camera on one thread: connect, extract, publish, and come back after a failure."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from av.video.stream import VideoStream

from services.ingest.backoff import Backoff
from services.ingest.bursts import BurstDesk
from services.ingest.faults import SourceFailed, classify
from services.ingest.health import CameraHealth, HealthFact
from services.ingest.live import LiveDesk
from services.ingest.outgoing import Channel
from services.ingest.recorder import Footage, NoFootage
from services.ingest.session import Session
from services.ingest.snapshots import SnapshotDesk
from services.ingest.source import Source
from shared.domain.camera import CameraFault
from shared.messages.commands import TakeBurst, TakeSnapshot
from shared.observability import get_logger

log = get_logger("ingest.camera")

_STATUS_INTERVAL_S = 1.0


@dataclass(slots=True)
class CameraPlan:
    """What a worker needs. `session_of` begins a session on an opened source's video, `footage_of` its recording."""

    camera: str
    source: Callable[[], Source]
    session_of: Callable[[Source, VideoStream], Session]
    channel: Channel
    health: CameraHealth
    backoff: Backoff
    snapshots: SnapshotDesk
    bursts: BurstDesk | None = None
    live: LiveDesk | None = None
    footage_of: Callable[[VideoStream, Session], Footage] = lambda _stream, _session: NoFootage()
    wall: Callable[[], float] = time.time


@dataclass(slots=True)
class CameraWorker:
    """Runs until `stop`. A stop never waits for a dead connection: the thread says nothing more and ends by itself."""

    plan: CameraPlan
    _stop: threading.Event = field(default_factory=threading.Event, init=False)
    _thread: threading.Thread | None = field(default=None, init=False)
    _next_status: float = field(default=0.0, init=False)

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name=f"camera-{self.plan.camera}", daemon=True)
        self._thread.start()

    def stop(self, *, delete_status: bool = False) -> None:
        """Fall silent at once; returns immediately."""
        self._stop.set()
        self.plan.channel.close(delete_status=delete_status)
        self._refuse(SourceFailed(CameraFault.NETWORK, "the camera is no longer watched here"))

    def ask(self, order: TakeSnapshot) -> None:
        """Answer with the camera's picture as soon as there is one; returns immediately."""
        self.plan.snapshots.ask(order)

    def ask_burst(self, order: TakeBurst) -> None:
        """Answer with pictures as they come; returns immediately."""
        if self.plan.bursts is not None:
            self.plan.bursts.ask(order)

    def show(self) -> None:
        """Send pictures as they come for a while; returns immediately."""
        if self.plan.live is not None:
            self.plan.live.ask()

    def join(self, *, timeout_s: float) -> bool:
        """Whether the thread has ended within the time."""
        if self._thread is None:
            return True
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._stop.is_set():
            failure = self._connect_and_stream()
            if self._stop.is_set():
                return
            self._refuse(failure)
            self._tell(self.plan.health.failed(self._now(), failure))
            self._say_status()
            if failure.fault is CameraFault.ENDED:
                log.info("camera_ended", camera=self.plan.camera)
                self._stop.wait()
                return
            delay_s = self.plan.backoff.next_s()
            log.warning(
                "camera_failed",
                camera=self.plan.camera,
                fault=failure.fault.value,
                detail=failure.detail,
                retry_in_s=round(delay_s, 1),
            )
            self._wait(delay_s)

    def _connect_and_stream(self) -> SourceFailed:
        """One connection from its beginning to its end, whatever that is."""
        self.plan.health.connecting(self._now())
        self._say_status()
        source: Source | None = None
        footage: Footage | None = None
        try:
            source = self.plan.source()
            stream = source.open()
            session = self.plan.session_of(source, stream)
            footage = self.plan.footage_of(stream, session)
            self._stream(source, session, footage)
        except SourceFailed as failure:
            return failure
        except Exception as error:  # task boundary: one camera's surprise must not end its thread for ever
            log.exception("camera_crashed", camera=self.plan.camera)
            return classify(error)
        finally:
            if footage is not None:
                footage.end()
            if source is not None:
                source.close()
        return SourceFailed(CameraFault.ENDED, "the recording has ended")

    def _stream(self, source: Source, session: Session, footage: Footage) -> None:
        log.info("camera_connected", camera=self.plan.camera, codec=session.codec, session=session.id)
        wait = None if source.live else self._goes_on
        bursts, live = self.plan.bursts, self.plan.live
        self.plan.snapshots.opened()
        if bursts is not None:
            bursts.opened()
        for packet in source.packets():
            if self._stop.is_set():
                return
            arrived_s = self.plan.wall()
            for frame in session.feed(packet, arrived_s=arrived_s):
                self.plan.channel.frame(frame, wait=wait)
            self.plan.snapshots.serve(session)
            if bursts is not None:
                bursts.serve(session)
            if live is not None:
                live.serve(session)
            footage.feed(packet, at_s=session.at_s, size=(session.width, session.height), wait=wait)
            if arrived_s >= self._next_status:
                self._next_status = arrived_s + _STATUS_INTERVAL_S
                self._seen(session, footage.complaint)
        for frame in session.finish():
            self.plan.channel.frame(frame, wait=wait)

    def _refuse(self, failure: SourceFailed) -> None:
        self.plan.snapshots.refuse(failure)
        if self.plan.bursts is not None:
            self.plan.bursts.refuse(failure)
        if self.plan.live is not None:
            self.plan.live.lost()

    def _goes_on(self) -> bool:
        return not self._stop.is_set()

    def _seen(self, session: Session, complaint: str) -> None:
        if session.width:
            # The camera is only "working" once a picture has been decoded.
            self.plan.backoff.reset()
            facts = self.plan.health.streaming(
                self._now(),
                codec=session.codec,
                width=session.width,
                height=session.height,
                fps=session.fps,
                detail=complaint,
            )
            self._tell(facts)
        self._say_status()

    def _wait(self, delay_s: float) -> None:
        until = self.plan.wall() + delay_s
        while not self._stop.is_set():
            self._tell(self.plan.health.looked_at(self._now()))
            left = until - self.plan.wall()
            if left <= 0:
                return
            self._stop.wait(min(left, 1.0))

    def _tell(self, facts: list[HealthFact]) -> None:
        for fact in facts:
            self.plan.channel.fact(fact)
        if facts:
            self._say_status()

    def _say_status(self) -> None:
        health = self.plan.health
        self.plan.channel.status(health.status, told_down_since=health.told_down_since)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self.plan.wall(), UTC)
