"""Everything that leaves for Redis, on a thread of its own: a slow or lost Redis never holds up a camera."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from prometheus_client import Counter
from redis import Redis
from redis.exceptions import RedisError

from services.ingest.health import HealthFact
from shared.domain.camera import CameraStatus
from shared.messages.camera_status import STATUS_RENEW_S, STATUS_TTL_S, status_fields
from shared.messages.frames import FrameCaptured
from shared.messages.topics import CAMERA_STATUS, FRAMES, HEALTH
from shared.observability import get_logger
from shared.streams import Publisher, Replies

log = get_logger("ingest.outgoing")

FRAMES_SENT = Counter("argus_ingest_frames_sent_total", "Frames published to the eye.", ["camera"])
FRAMES_DROPPED = Counter("argus_ingest_frames_dropped_total", "Frames dropped: Redis was lost or slow.", ["camera"])

_MOST_WAITING = 64
_ROOM = 8
_RETRY_S = 0.5
_SNAPSHOT_FRESH_MS = 1000


@dataclass(frozen=True, slots=True)
class _Answer:
    """`content` for whoever waits at `reply_to`; others find it for a moment at the key `keep_as`, if that is set."""

    reply_to: str
    content: bytes
    keep_as: str = ""


class Outgoing:
    """Frames are dropped (the oldest first) and counted, facts and statuses wait until they are delivered.

    Answers come before all else: somebody waits for them, but not for long, so they are not kept for later.
    """

    def __init__(self, redis: Redis, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._redis: Any = redis
        self._publisher = Publisher(redis)
        self._replies = Replies(redis)
        self._monotonic = monotonic
        self._changed = threading.Condition()
        self._frames: deque[tuple[int, FrameCaptured]] = deque()
        self._facts: deque[HealthFact] = deque()
        self._shown: dict[str, bytes] = {}
        self._answers: deque[_Answer] = deque(maxlen=_MOST_WAITING)
        self._statuses: dict[str, dict[str, str]] = {}
        self._unsaid: set[str] = set()
        self._gone: set[str] = set()
        self._renew_at = 0.0
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="outgoing", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, *, timeout_s: float = 1.0) -> None:
        """Send what is left as far as the time allows."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        self._thread.join(timeout_s)

    def channel(self, camera: str, *, shard: int) -> Channel:
        """A way out for one run of one camera."""
        with self._changed:
            self._gone.discard(camera)
        return Channel(self, camera, shard=shard)

    def add_frame(self, shard: int, frame: FrameCaptured, *, wait: Callable[[], bool] | None = None) -> None:
        """Queue a frame. With `wait`, blocks for room while `wait()` is true; else drops the oldest."""
        with self._changed:
            while wait is not None and len(self._frames) >= _ROOM and wait():
                self._changed.wait(0.1)
            self._frames.append((shard, frame))
            while len(self._frames) > _MOST_WAITING:
                FRAMES_DROPPED.labels(self._frames.popleft()[1].camera).inc()
            self._changed.notify_all()

    def answer(self, reply_to: str, content: bytes, *, keep_as: str = "") -> None:
        """Answer somebody who asked. Returns at once."""
        with self._changed:
            self._answers.append(_Answer(reply_to, content, keep_as))
            self._changed.notify_all()

    def show(self, channel: str, content: bytes) -> None:
        """Publish a picture on a channel; one that has not left yet gives way to it. Returns at once."""
        with self._changed:
            self._shown[channel] = content
            self._changed.notify_all()

    def add_fact(self, fact: HealthFact) -> None:
        with self._changed:
            self._facts.append(fact)
            self._changed.notify_all()

    def set_status(self, camera: str, fields: dict[str, str]) -> None:
        with self._changed:
            self._statuses[camera] = fields
            self._unsaid.add(camera)
            self._changed.notify_all()

    def forget(self, camera: str, *, delete: bool) -> None:
        """The camera is no longer ours; `delete` when it is nobody's."""
        with self._changed:
            self._statuses.pop(camera, None)
            self._unsaid.discard(camera)
            if delete:
                self._gone.add(camera)
            self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                idle = not (self._frames or self._facts or self._answers or self._shown or self._unsaid or self._gone)
                if idle and self._stopping:
                    return
                if idle:
                    self._changed.wait(timeout=max(0.05, min(1.0, self._renew_at - self._monotonic())))
            try:
                self._send_all()
            except RedisError as error:
                self._drop_frames(error)
                if self._stopping:
                    return
                time.sleep(_RETRY_S)

    def _send_all(self) -> None:
        self._send_answers()
        self._send_shown()
        self._send_statuses()
        self._send_facts()
        while True:
            with self._changed:
                if not self._frames:
                    return
                shard, frame = self._frames.popleft()
                self._changed.notify_all()
            try:
                self._publisher.publish(FRAMES, frame, shard=shard)
            except RedisError:
                FRAMES_DROPPED.labels(frame.camera).inc()
                raise
            FRAMES_SENT.labels(frame.camera).inc()
            if self._answers:
                self._send_answers()
            if self._shown:
                self._send_shown()
            if self._facts:
                self._send_facts()

    def _send_answers(self) -> None:
        kept: set[str] = set()
        while self._answers:
            answer = self._answers.popleft()
            if answer.keep_as and answer.keep_as not in kept:
                kept.add(answer.keep_as)
                self._redis.set(answer.keep_as, answer.content, px=_SNAPSHOT_FRESH_MS)
            self._replies.send(answer.reply_to, answer.content)

    def _send_shown(self) -> None:
        with self._changed:
            shown, self._shown = self._shown, {}
        for channel, content in shown.items():
            self._redis.publish(channel, content)

    def _send_facts(self) -> None:
        while self._facts:
            # Only this thread takes facts away, and only after they are delivered.
            self._publisher.publish(HEALTH, self._facts[0])
            with self._changed:
                self._facts.popleft()

    def _send_statuses(self) -> None:
        now = self._monotonic()
        with self._changed:
            if now >= self._renew_at:
                self._renew_at = now + STATUS_RENEW_S
                self._unsaid.update(self._statuses)
            unsaid = {camera: self._statuses[camera] for camera in self._unsaid if camera in self._statuses}
            gone = set(self._gone)
        if unsaid or gone:
            pipe = self._redis.pipeline(transaction=False)
            for camera, fields in unsaid.items():
                key = CAMERA_STATUS.format(slug=camera)
                pipe.hset(key, mapping=fields)
                pipe.expire(key, STATUS_TTL_S)
            for camera in gone:
                pipe.delete(CAMERA_STATUS.format(slug=camera))
            pipe.execute()
        with self._changed:
            self._unsaid -= {camera for camera, fields in unsaid.items() if self._statuses.get(camera) is fields}
            self._unsaid &= self._statuses.keys()
            self._gone -= gone

    def _drop_frames(self, error: RedisError) -> None:
        with self._changed:
            dropped = len(self._frames)
            for _, frame in self._frames:
                FRAMES_DROPPED.labels(frame.camera).inc()
            self._frames.clear()
            self._changed.notify_all()
        log.warning("redis_unreachable", frames_dropped=dropped, reason=type(error).__name__)


class Channel:
    """One camera's way out. Once closed it says nothing more, however long its worker lingers in a dead connection."""

    def __init__(self, outgoing: Outgoing, camera: str, *, shard: int) -> None:
        self._outgoing = outgoing
        self._camera = camera
        self._shard = shard
        self._open = True

    def frame(self, frame: FrameCaptured, *, wait: Callable[[], bool] | None = None) -> None:
        if self._open:
            self._outgoing.add_frame(self._shard, frame, wait=wait)

    def fact(self, fact: HealthFact) -> None:
        if self._open:
            log.info("camera_fact", camera=self._camera, fact=type(fact).__name__)
            self._outgoing.add_fact(fact)

    def status(self, status: CameraStatus, *, told_down_since: datetime | None = None) -> None:
        if self._open:
            self._outgoing.set_status(self._camera, status_fields(status, told_down_since=told_down_since))

    def close(self, *, delete_status: bool) -> None:
        self._open = False
        self._outgoing.forget(self._camera, delete=delete_status)
