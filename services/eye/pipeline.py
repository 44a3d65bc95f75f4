"""Frames in, presences out: decode → detect → track → presences → told, once for every frame.

What a batch of frames changes – presence messages, each camera's state, the frames' acknowledgement – is written
in one Redis transaction. A process killed at any point leaves either the frames to be looked at again from the state
before them, or all of it done.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from services.eye import metrics, pictures
from services.eye.camera_view import CameraView
from services.eye.detector import Detector
from services.eye.presence import PresenceUpdate
from shared.domain.box import Box
from shared.domain.detection import Detection
from shared.domain.errors import Permanent, Transient
from shared.domain.ids import shard_of
from shared.domain.presence import Presence, PresencePhase
from shared.domain.zone import Zone
from shared.media import MediaStore
from shared.messages.frames import FrameCaptured
from shared.messages.presences import MESSAGE_OF_PHASE
from shared.messages.topics import EYE_STATE, PRESENCES
from shared.observability.logs import get_logger
from shared.streams import GroupReader, Publisher, Received

log = get_logger("eye.pipeline")

_STATE_LIFE_S = 86_400
# An eye that cannot keep up looks at fewer frames of each camera rather than at all of them too late: the frames' age
# in seconds, and the least time between two of one camera that are still looked at.
_SHEDDING = ((6.0, 1.0), (3.0, 0.5), (1.5, 0.25))
# A camera that sends nothing for this long has lost whoever was in view, though no frame says so.
_SILENCE = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class PipelineRules:
    """`working_side` is the long side in pixels that detection needs; `labels` empty means every label."""

    working_side: int
    stale_after_s: float
    batch: int
    labels: frozenset[str]
    shards: int


@dataclass(frozen=True, slots=True)
class _Look:
    """One frame on its way through a batch."""

    received: Received
    frame: FrameCaptured
    image: pictures.Image


@dataclass(frozen=True, slots=True)
class _Told:
    """One presence message to be sent, and the frame its pictures are cut from (`is_shot`: the best one so far)."""

    update: PresenceUpdate
    presence: Presence
    frame: FrameCaptured | None
    is_shot: bool
    captured_at: datetime
    trace_id: str


class EyePipeline:
    """All cameras of this replica. Owned by one thread.

    `zones` gives a camera's zones, or None when the camera is unknown or disabled; `keeps_crops` whether somebody
    looks closer at what it shows; `new_view` makes the state of a camera not seen yet; `now` is the wall clock (UTC).
    """

    def __init__(
        self,
        redis: Any,
        reader: GroupReader,
        *,
        detector: Detector,
        media: MediaStore,
        zones: Callable[[str], Sequence[Zone] | None],
        new_view: Callable[[str], CameraView],
        now: Callable[[], datetime],
        rules: PipelineRules,
        keeps_crops: Callable[[str], bool] = lambda _slug: False,
    ) -> None:
        self._redis = redis
        self._reader = reader
        self._publisher = Publisher(redis)
        self._detector = detector
        self._media = media
        self._zones = zones
        self._keeps_crops = keeps_crops
        self._new_view = new_view
        self._now = now
        self._rules = rules
        self._views: dict[str, CameraView] = {}
        self._shards: frozenset[int] = frozenset()
        self._last_looks: dict[str, datetime] = {}

    def keep_only(self, shards: frozenset[int]) -> None:
        """Forget the cameras of shards that are somebody else's now, and remember those of shards newly owned.

        Their state is in Redis. A camera that was removed meanwhile sends no frame to be remembered by, and whoever
        was in its view is still to be told of as gone. Raises `redis.exceptions.RedisError`.
        """
        gone = [slug for slug in self._views if shard_of(slug, self._rules.shards) not in shards]
        for slug in gone:
            del self._views[slug]
        gained, self._shards = shards - self._shards, self._shards & shards
        if gained:
            self._remember(gained)
        self._shards = shards
        metrics.CAMERAS.set(len(self._views))

    def process(self, received: Sequence[Received], *, go_on: Callable[[], bool] = lambda: True) -> None:
        """Look at the frames in order and acknowledge them.

        Between batches `go_on` is asked; what is left after a no stays unacknowledged for the next process.

        Raises `redis.exceptions.RedisError` or `Transient` before anything of the batch is told; the caller then
        calls `forget` and has the frames again.
        """
        for start in range(0, len(received), self._rules.batch):
            if not go_on():
                return
            self._process_batch(received[start : start + self._rules.batch])

    def forget(self) -> None:
        """Drop what is in memory, so that the next round starts from the state last written."""
        self._views.clear()
        self._shards = frozenset()

    def end_silent(self) -> None:
        """End the presences of cameras that have sent nothing for a while, or are watched no more."""
        for view in [view for view in self._views.values() if view.occupied and self._is_silent(view)]:
            at = view.last_at or self._now()
            told = [_Told(update, update.presence, None, False, at, "") for update in view.end()]
            self._commit(told, views=[view], done=[])
            log.info("silent_camera_emptied", camera=view.slug, presences=len(told))

    def _is_silent(self, view: CameraView) -> bool:
        if self._zones(view.slug) is None:
            return True
        return view.last_at is not None and self._now() - view.last_at > _SILENCE

    def _remember(self, shards: frozenset[int]) -> None:
        prefix, _, _ = EYE_STATE.partition("{")
        for key in self._redis.scan_iter(match=f"{prefix}*", count=1000):
            slug = key.decode().removeprefix(prefix)
            if shard_of(slug, self._rules.shards) in shards:
                self._view(slug)

    def _process_batch(self, batch: Sequence[Received]) -> None:
        looks = [look for received in batch if (look := self._admit(received)) is not None]
        found = self._detect([look.image for look in looks])
        told: list[_Told] = []
        views: dict[str, CameraView] = {}
        for look, detections in zip(looks, found, strict=True):
            zones = self._zones(look.frame.camera) or ()
            view = self._view(look.frame.camera)
            if not view.is_new(look.frame):
                metrics.FRAMES.labels("repeated").inc()
                continue
            views[view.slug] = view
            updates = view.begin(look.frame)
            updates += view.see(
                self._in_frame(detections, look),
                image=look.image,
                frame=look.frame,
                zones=zones,
                keep_crops=self._keeps_crops(view.slug),
            )
            told += [self._with_pictures(update, view, look) for update in updates]
        self._keep_raw_shots(told)
        self._commit(told, views=list(views.values()), done=batch)
        self._keep_finished_shots(told)

    def _admit(self, received: Received) -> _Look | None:
        frame = received.message
        assert isinstance(frame, FrameCaptured)  # noqa: S101 – the topic carries nothing else
        age_s = (self._now() - frame.captured_at).total_seconds()
        if age_s > self._rules.stale_after_s:
            metrics.FRAMES.labels("stale").inc()
            return None
        if self._is_shed(frame, age_s):
            metrics.FRAMES.labels("shed").inc()
            return None
        if self._zones(frame.camera) is None:
            metrics.FRAMES.labels("unknown_camera").inc()
            return None
        try:
            size = (frame.width, frame.height)
            image = pictures.decode(frame.jpeg, size=size, at_least=self._rules.working_side)
        except Permanent as error:
            metrics.FRAMES.labels("unreadable").inc()
            log.warning("frame_unreadable", camera=frame.camera, seq=frame.seq, reason=str(error))
            return None
        metrics.FRAMES.labels("seen").inc()
        return _Look(received, frame, image)

    def _is_shed(self, frame: FrameCaptured, age_s: float) -> bool:
        """Whether the frame is let go because the eye lags and has looked at one taken hardly earlier."""
        spacing_s = next((spacing_s for lag_s, spacing_s in _SHEDDING if age_s > lag_s), 0.0)
        last = self._last_looks.get(frame.camera)
        since_s = (frame.captured_at - last).total_seconds() if last else spacing_s
        if 0 < since_s < spacing_s:
            return True
        self._last_looks[frame.camera] = frame.captured_at
        return False

    def _detect(self, images: list[pictures.Image]) -> list[list[Detection]]:
        if not images:
            return []
        metrics.BATCH_FRAMES.observe(len(images))
        with metrics.DETECT_SECONDS.time():
            return self._detector.detect(images)

    def _in_frame(self, detections: Sequence[Detection], look: _Look) -> list[Detection]:
        """The wanted detections with boxes in the frame's own pixels."""
        sx, sy = look.frame.width / look.image.shape[1], look.frame.height / look.image.shape[0]
        wanted = self._rules.labels
        return [
            Detection(detection.label, detection.confidence, detection.box.scaled(sx, sy))
            for detection in detections
            if not wanted or detection.label in wanted
        ]

    def _view(self, slug: str) -> CameraView:
        view = self._views.get(slug)
        if view is None:
            view = self._new_view(slug)
            state = self._redis.get(EYE_STATE.format(slug=slug))
            if state is not None:
                try:
                    view.restore(state)
                except ValueError as error:
                    log.warning("camera_state_unreadable", camera=slug, reason=str(error))
                    view = self._new_view(slug)
            self._views[slug] = view
            metrics.CAMERAS.set(len(self._views))
        return view

    def _with_pictures(self, update: PresenceUpdate, view: CameraView, look: _Look) -> _Told:
        """The update, naming the pictures that this frame gives it if it is the best shot so far."""
        presence, frame = update.presence, look.frame
        is_shot = update.best_shot and update.phase is not PresencePhase.ENDED
        if is_shot:
            day = presence.started_at.strftime("%Y/%m/%d")
            snapshot = f"snapshots/{presence.camera}/{day}/{presence.id}.jpg"
            crop = f"crops/{presence.camera}/{day}/{presence.id}.jpg"
            view.keep_pictures(presence.id, snapshot=snapshot, crop=crop)
            presence = replace(presence, snapshot=snapshot, crop=crop)
        cut_from = frame if is_shot or update.kept else None
        return _Told(update, presence, cut_from, is_shot, frame.captured_at, frame.trace_id)

    def _keep_raw_shots(self, told: Sequence[_Told]) -> None:
        # The frame as it came costs nothing to store and is there before anybody hears of the presence; the
        # annotated one replaces it below, off the way to the alert.
        for item in told:
            if item.frame is not None and item.presence.snapshot and item.update.phase is PresencePhase.STARTED:
                self._write(item.presence.snapshot, item.frame.jpeg)

    def _keep_finished_shots(self, told: Sequence[_Told]) -> None:
        for item in told:
            if item.frame is None:
                continue
            image = pictures.decode(item.frame.jpeg, size=(item.frame.width, item.frame.height))
            if item.update.kept is not None and item.update.kept_box is not None:
                self._write_crop(item.update.kept.path, image, item.update.kept_box)
            if not item.is_shot or not item.presence.snapshot or not item.presence.crop:
                continue
            self._write_crop(item.presence.crop, image, item.presence.box)
            caption = f"{item.presence.label} {item.presence.confidence:.0%}"
            self._write(item.presence.snapshot, pictures.annotated(image, item.presence.box, caption))

    def _write_crop(self, path: str, image: pictures.Image, box: Box) -> None:
        crop = pictures.crop(image, box)
        if crop is not None:
            self._write(path, crop)

    def _write(self, path: str, content: bytes) -> None:
        try:
            self._media.write(path, content)
        except Transient as error:
            # A full disk costs the picture, never the alert.
            log.error("picture_not_stored", path=path, reason=str(error))

    def _commit(self, told: Sequence[_Told], *, views: Sequence[CameraView], done: Sequence[Received]) -> None:
        pipe = self._redis.pipeline(transaction=True)
        for item in told:
            kind = MESSAGE_OF_PHASE[item.update.phase]
            message = kind.of(item.presence, captured_at=item.captured_at, trace_id=item.trace_id)
            self._publisher.add(pipe, PRESENCES, message, shard=shard_of(item.presence.camera, self._rules.shards))
        for view in views:
            pipe.set(EYE_STATE.format(slug=view.slug), view.snapshot(), ex=_STATE_LIFE_S)
        self._reader.ack_in(pipe, done)
        pipe.execute()
        now = self._now()
        for item in told:
            metrics.PRESENCES.labels(item.update.phase.value).inc()
            metrics.CAPTURED_TO_TOLD_SECONDS.observe(max(0.0, (now - item.captured_at).total_seconds()))
