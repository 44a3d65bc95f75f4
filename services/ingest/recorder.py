"""Keeping what cameras send, on a thread of its own: a slow or full disk never holds up a camera's frames."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import av.error
from av.video.stream import VideoStream
from prometheus_client import Counter

from services.ingest.remux import NotRecordable, Template
from services.ingest.segmenter import Segmenter, Size
from services.ingest.source import VideoPacket
from shared.observability import get_logger

log = get_logger("ingest.recorder")

PACKETS_LOST = Counter("argus_ingest_recording_lost_total", "Packets not recorded: the disk was slow.", ["camera"])

_ROUND_S = 0.2
_RETRY_S = 5.0
# Per camera: some ten seconds of a large stream.
_MOST_BYTES = 32 * 1024 * 1024
# What can wait does so before it fills the caches.
_ROOM_BYTES = 512 * 1024
_WRITE_ERRORS = (av.error.FFmpegError, OSError, ValueError)

_Item = tuple[VideoPacket, float, Size]


class Footage(Protocol):
    """Where a camera's thread leaves its packets. No method raises, and none waits for the disk but where told so."""

    @property
    def complaint(self) -> str:
        """Why nothing is recorded though it should be, in one line; else empty."""

    def feed(self, packet: VideoPacket, *, at_s: float, size: Size, wait: Callable[[], bool] | None = None) -> None:
        """The next packet. With `wait`, blocks for room while `wait()` is true; else drops what waits."""

    def end(self) -> None:
        """The session is over; no packet follows."""


class NoFootage:
    """For cameras that are not recorded."""

    def __init__(self, complaint: str = "") -> None:
        self.complaint = complaint

    def feed(self, packet: VideoPacket, *, at_s: float, size: Size, wait: Callable[[], bool] | None = None) -> None:
        pass

    def end(self) -> None:
        pass


class Recorder:
    """Writes the footage of all cameras. `place` tells where a path of the media store lies on this machine.

    While `shortage` says why nothing may be written, nothing is. A camera that cannot be written is tried again after
    a while, from the next keyframe on; its frames go on meanwhile, and so do the other cameras' recordings.
    """

    def __init__(
        self,
        *,
        place: Callable[[str], Path],
        segment_s: float,
        shortage: Callable[[], str] = lambda: "",
        on_failure: Callable[[], None] = lambda: None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._place = place
        self._segment_s = segment_s
        self._shortage = shortage
        self._on_failure = on_failure
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._recordings: list[Take] = []
        self._wake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, *, timeout_s: float = 1.0) -> None:
        """Close every segment, as far as the time allows; nothing is recorded after that."""
        self._stopping = True
        self._wake.set()
        self._thread.join(timeout_s)

    def begin(self, camera: str, stream: VideoStream, *, fps: float) -> Footage:
        """Record one connection from its first keyframe on. Never raises: what cannot be recorded says why."""
        try:
            template = Template.of(stream, fps=fps)
        except (NotRecordable, *_WRITE_ERRORS) as error:
            reason = f"not recorded: {error}"
            log.warning("camera_not_recorded", camera=camera, reason=str(error))
            return NoFootage(reason)
        segmenter = Segmenter(template, camera=camera, segment_s=self._segment_s, place=self._place)
        recording = Take(camera, segmenter, wake=self._wake.set, monotonic=self._monotonic)
        with self._lock:
            self._recordings.append(recording)
        return recording

    def _run(self) -> None:
        while True:
            last = self._stopping
            self._wake.clear()
            with self._lock:
                recordings = list(self._recordings)
            over = [recording for recording in recordings if not self._serve(recording, last=last)]
            with self._lock:
                self._recordings = [recording for recording in self._recordings if recording not in over]
            if last:
                return
            self._wake.wait(_ROUND_S)

    def _serve(self, recording: Take, *, last: bool) -> bool:
        try:
            if recording.work_off(shortage=self._shortage(), last=last):
                self._on_failure()
        except Exception:  # task boundary: one camera's surprise must not end the recording of the others
            log.exception("recording_crashed", camera=recording.camera)
            return False
        return not recording.over


class Take:
    """One connection's footage on its way from the camera's thread to the recorder's."""

    def __init__(
        self, camera: str, segmenter: Segmenter, *, wake: Callable[[], None], monotonic: Callable[[], float]
    ) -> None:
        self.camera = camera
        self.complaint = ""
        self.over = False
        self._segmenter = segmenter
        self._wake = wake
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._has_room = threading.Condition(self._lock)
        self._queue: deque[_Item] = deque()
        self._bytes = 0
        self._writing = 0
        self._lost = 0
        self._ended = False
        self._retry_at = 0.0

    def feed(self, packet: VideoPacket, *, at_s: float, size: Size, wait: Callable[[], bool] | None = None) -> None:
        with self._lock:
            while wait is not None and self._bytes + self._writing > _ROOM_BYTES and not self.over and wait():
                self._wake()
                self._has_room.wait(0.1)
            if self.over:
                return
            if self._bytes > _MOST_BYTES:
                # Pictures refer to earlier ones: with a part missing, all up to the next keyframe is of no use.
                self._lost += len(self._queue)
                self._queue.clear()
                self._bytes = 0
            self._queue.append((packet, at_s, size))
            self._bytes += packet.size

    def end(self) -> None:
        with self._lock:
            self._ended = True
        self._wake()

    def work_off(self, *, shortage: str, last: bool) -> bool:
        """Write what waits; whether that failed just now. On the recorder's thread; blocks on the disk."""
        items, lost, ended = self._take()
        failed = False
        try:
            if lost:
                PACKETS_LOST.labels(self.camera).inc(lost)
                log.warning("recording_lost_packets", camera=self.camera, packets=lost)
            if lost or shortage:
                self._segmenter.close()
            if shortage:
                self._complain(shortage)
            else:
                self._write(items)
            if ended or last:
                self._segmenter.close()
        except _WRITE_ERRORS as error:
            failed = True
            self._fail(error)
        self._make_room(over=ended or last)
        return failed

    def _take(self) -> tuple[deque[_Item], int, bool]:
        with self._lock:
            items, lost = self._queue, self._lost
            self._queue = deque()
            self._writing, self._bytes, self._lost = self._bytes, 0, 0
            return items, lost, self._ended

    def _write(self, items: deque[_Item]) -> None:
        if self._retry_at and self._monotonic() < self._retry_at:
            return
        some = bool(items)
        while items:
            # Taken out one by one, so that their memory is free for the next ones.
            packet, at_s, size = items.popleft()
            self._segmenter.write(packet, at_s=at_s, size=size)
        if some and self._segmenter.open:
            self._retry_at = 0.0
            if self.complaint:
                log.info("recording_resumed", camera=self.camera)
                self.complaint = ""

    def _fail(self, error: Exception) -> None:
        self._retry_at = self._monotonic() + _RETRY_S
        with suppress(*_WRITE_ERRORS):
            self._segmenter.close()
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        self._complain(f"not recorded: {reason}")

    def _complain(self, complaint: str) -> None:
        if not self.complaint:
            log.warning("recording_stopped", camera=self.camera, reason=complaint)
        self.complaint = complaint

    def _make_room(self, *, over: bool) -> None:
        with self._lock:
            self._writing = 0
            if over:
                self.over = True
                self._queue.clear()
            self._has_room.notify_all()
