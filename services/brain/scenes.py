"""Looks at cameras' whole pictures, now and then: nobody needs to be there for a fire.

Live work: a look that cannot be taken now (the camera is down, the last one is not done, the queue is full) is skipped
and counted, and the next one comes soon enough.
"""

from __future__ import annotations

import threading
import time
import zlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from celery import Celery
from redis import Redis
from redis.exceptions import RedisError

from services.brain import metrics
from services.brain.known_modules import KnownModules, Workforce
from services.brain.scene_pictures import keep_pictures, remove_old_pictures
from services.brain.timeline import CameraFacts
from shared.domain.camera_modules import Cadence, cadence, own_options
from shared.domain.errors import InvalidMessage, Transient
from shared.domain.ids import shard_of
from shared.media import MediaStore
from shared.messages.answers import SnapshotAnswer
from shared.messages.commands import TakeBurst
from shared.messages.topics import COMMANDS, MODULE_SCENE
from shared.modules.book import JobBook, QueueFull
from shared.modules.enqueue import enqueue_once
from shared.modules.order import ModuleOrder, new_job_id
from shared.modules.roster import ModuleInfo
from shared.observability import get_logger
from shared.streams import Publisher, reply_key

log = get_logger("brain.scenes")

WIDTH: Final = 960

_TICK_S = 0.5
_ANSWER_WITHIN_S = 15.0
_OPEN_FOR_S = 900
_REMOVE_EVERY_S = 60.0
_BACKOFF_S = 2.0

Key = tuple[str, str]


@dataclass(slots=True)
class _Awaited:
    """A burst that was ordered, as far as it has come."""

    camera: CameraFacts
    module: ModuleInfo
    order: TakeBurst
    until: float
    pictures: list[SnapshotAnswer] = field(default_factory=list)


def owned_cameras(
    cameras: Mapping[str, CameraFacts], owned: Collection[int], *, shards: int
) -> Mapping[str, CameraFacts]:
    """Those whose shard this replica has: exactly one replica looks at each camera's scene."""
    return {slug: camera for slug, camera in cameras.items() if shard_of(slug, shards) in owned}


class SceneLooks:
    """Orders bursts of ingest as the cameras' cadences say, and hands each to its specialist. Owned by one thread.

    `cameras` are those this replica looks after, `usual` the modules that look at every camera unless it says no. At
    most one job of a camera and module is open at once, over restarts too.
    """

    def __init__(
        self,
        redis: Redis,
        *,
        app: Celery,
        book: JobBook,
        media: MediaStore,
        modules: KnownModules,
        cameras: Callable[[], Mapping[str, CameraFacts]],
        usual: frozenset[str],
        bound: int,
        now: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        # redis-py annotates the replies of every protocol at once; ours are those of RESP2, in bytes.
        self._redis: Any = redis
        self._publisher = Publisher(redis)
        self._app = app
        self._book = book
        self._media = media
        self._modules = modules
        self._cameras = cameras
        self._usual = usual
        self._bound = bound
        self._now = now
        self._monotonic = monotonic
        self._due: dict[Key, float] = {}
        self._awaited: dict[Key, _Awaited] = {}
        self._next_removal = 0.0

    def run(self, stop: threading.Event) -> None:
        """Look until `stop` is set. A lost Redis is waited out; looks that fall into that time are not made up for."""
        while not stop.is_set():
            try:
                self.step()
            except (RedisError, Transient) as error:
                log.warning("scenes_wait", reason=str(error)[:200])
                self._awaited.clear()
                stop.wait(_BACKOFF_S)
                continue
            if not self._awaited:
                stop.wait(_TICK_S)

    def step(self) -> None:
        """Order what is due and take what has come; waits for that half a second at most, if for anything."""
        cameras = self._cameras()
        workforce = self._modules.now
        wanted = self._wanted(cameras, workforce)
        self._due = {key: due for key, due in self._due.items() if key in wanted}
        for key, rhythm in wanted.items():
            if self._is_due(key, rhythm):
                self._order(cameras[key[0]], workforce, key[1], rhythm)
        self._collect()
        if self._monotonic() >= self._next_removal:
            self._next_removal = self._monotonic() + _REMOVE_EVERY_S
            remove_old_pictures(self._media, now=self._now())

    def _wanted(self, cameras: Mapping[str, CameraFacts], workforce: Workforce) -> dict[Key, Cadence]:
        names = [name for name, info in workforce.known.items() if "scene" in info.scopes]
        found = (
            ((slug, name), cadence(camera.options, name, usual=name in self._usual))
            for slug, camera in cameras.items()
            for name in names
        )
        return {key: rhythm for key, rhythm in found if rhythm is not None}

    def _is_due(self, key: Key, rhythm: Cadence) -> bool:
        now = self._monotonic()
        due = self._due.get(key)
        if due is None:
            # Cameras take turns: their looks are spread over the interval, and everywhere alike.
            due = now + rhythm.every_s * (zlib.crc32("/".join(key).encode()) % 1000) / 1000
            self._due[key] = due
        if now < due:
            return False
        self._due[key] = max(due + rhythm.every_s, now)
        return True

    def _order(self, camera: CameraFacts, workforce: Workforce, module: str, rhythm: Cadence) -> None:
        key = (camera.slug, module)
        info = workforce.living.get(module)
        if info is None or not info.available:
            _count(module, "unavailable")
            return
        if key in self._awaited or self._is_open(key):
            _count(module, "busy")
            return
        pictures = min(rhythm.burst, max(1, info.max_pictures))
        order = TakeBurst(
            camera=camera.slug, reply_to=reply_key(), pictures=pictures, fps=rhythm.burst_fps, width=WIDTH
        )
        self._publisher.publish(COMMANDS, order)
        until = self._monotonic() + pictures / rhythm.burst_fps + _ANSWER_WITHIN_S
        self._awaited[key] = _Awaited(camera, info, order, until)

    def _is_open(self, key: Key) -> bool:
        job_id = self._redis.get(MODULE_SCENE.format(camera=key[0], module=key[1]))
        record = self._book.get(job_id.decode()) if job_id is not None else None
        return record is not None and record.status in ("queued", "processing")

    def _collect(self) -> None:
        by_reply = {awaited.order.reply_to: key for key, awaited in self._awaited.items()}
        if by_reply:
            found = self._redis.blpop(list(by_reply), timeout=_TICK_S)
            while found is not None:
                self._take(by_reply[found[0].decode()], bytes(found[1]))
                left = [awaited.order.reply_to for awaited in self._awaited.values()]
                found = self._pop(left)
        for key, awaited in list(self._awaited.items()):
            if self._monotonic() > awaited.until:
                self._finish(key)

    def _pop(self, replies: list[str]) -> tuple[bytes, bytes] | None:
        """What is there already, without waiting."""
        for reply_to in replies:
            content = self._redis.lpop(reply_to)
            if content is not None:
                return reply_to.encode(), content
        return None

    def _take(self, key: Key, content: bytes) -> None:
        awaited = self._awaited[key]
        try:
            answer = SnapshotAnswer.unpacked(content)
        except InvalidMessage as error:
            log.error("burst_unreadable", camera=key[0], reason=str(error))
            self._finish(key)
            return
        if answer.jpeg:
            awaited.pictures.append(answer)
        if not answer.jpeg or len(awaited.pictures) >= awaited.order.pictures:
            self._finish(key)

    def _finish(self, key: Key) -> None:
        """The burst is over: have what there is looked at."""
        awaited = self._awaited.pop(key)
        _count(key[1], self._hand_over(key, awaited) if awaited.pictures else "down")

    def _hand_over(self, key: Key, awaited: _Awaited) -> str:
        job_id, camera = new_job_id(), awaited.camera
        pictures = keep_pictures(self._media, job_id, awaited.pictures, now=self._now())
        order = ModuleOrder(
            job_id=job_id,
            module=key[1],
            queue=awaited.module.queue,
            pictures=pictures,
            scope="scene",
            at=pictures[-1].at or self._now(),
            account_id=camera.account_id,
            camera=camera.slug,
            look=1,
            options=own_options(camera.options, key[1]),
        )
        try:
            enqueue_once(self._app, self._book, order, bound=self._bound)
        except QueueFull:
            return "full"
        self._redis.set(MODULE_SCENE.format(camera=key[0], module=key[1]), job_id, ex=_OPEN_FOR_S)
        return "asked"


def _count(module: str, outcome: str) -> None:
    metrics.LOOKS.labels(module, outcome).inc()
    if outcome != "asked":
        log.info("scene_not_looked_at", module=module, outcome=outcome)
