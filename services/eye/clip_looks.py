"""Clips that somebody wants looked at: one at a time, each in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Collection, Sequence
from typing import Any, Final

from pydantic import ValidationError
from redis import Redis
from redis.exceptions import RedisError

from services.eye.clip_order import ClipOrder, ClipZone
from shared.domain.ids import shard_of
from shared.domain.zone import Zone
from shared.messages.answers import ClipAnswer
from shared.messages.commands import LOOK_AT_CLIP_S, LookAtClip
from shared.messages.topics import CLIP
from shared.observability import get_logger
from shared.streams import CommandTail, Replies

log = get_logger("eye.clips")

_BLOCK_MS: Final = 500
_COMMAND: Final = (sys.executable, "-m", "services.eye.clip_look")


class ClipLooks:
    """Carries out `LookAtClip`. `owned` are the shards of this replica: exactly one obeys each order.

    `zones` gives those of a camera. Cameras come first: a clip is looked at by a process that waits for them.
    """

    def __init__(
        self,
        redis: Redis,
        *,
        zones: Callable[[str], Sequence[Zone] | None],
        owned: Callable[[], Collection[int]],
        shards: int,
        command: Sequence[str] = _COMMAND,
    ) -> None:
        # redis-py annotates the replies of every protocol at once; ours are those of RESP2, in bytes.
        self._redis: Any = redis
        self._tail = CommandTail(redis)
        self._replies = Replies(redis)
        self._zones = zones
        self._owned = owned
        self._shards = shards
        self._command = tuple(command)
        self._place = threading.Semaphore(1)
        self._stop = threading.Event()

    def start(self) -> None:
        threading.Thread(target=self._run, name="clips", daemon=True).start()

    def stop(self) -> None:
        self._stop.set()

    def _run(self) -> None:
        while not self._stop.is_set():
            for order in self._tail.poll(block_ms=_BLOCK_MS):
                if isinstance(order, LookAtClip) and shard_of(order.reply_to, self._shards) in self._owned():
                    self._begin(order)

    def _begin(self, order: LookAtClip) -> None:
        if not self._place.acquire(blocking=False):
            self._send(order, ClipAnswer(ok=False, busy=True))
            return
        threading.Thread(target=self._carry_out, args=(order,), name="clip", daemon=True).start()

    def _carry_out(self, order: LookAtClip) -> None:
        try:
            answer = self._looked(order)
        finally:
            self._place.release()
        log.info("clip_looked_at", camera=order.camera, ok=answer.ok, detail=answer.detail, pictures=answer.pictures)
        self._send(order, answer)

    def _looked(self, order: LookAtClip) -> ClipAnswer:
        try:
            clip = self._redis.getdel(CLIP.format(id=order.clip))
        except RedisError:
            clip = None
        if not clip:
            return ClipAnswer(ok=False, detail="is not there any more")
        zones = [ClipZone.of(zone) for zone in self._zones(order.camera) or ()]
        told = ClipOrder(camera=order.camera, began_at=order.began_at, zones=zones)
        try:
            done = subprocess.run(
                self._command,
                input=told.model_dump_json().encode() + b"\n" + bytes(clip),
                capture_output=True,
                timeout=LOOK_AT_CLIP_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return ClipAnswer(ok=False, detail=f"takes longer than {LOOK_AT_CLIP_S:.0f} s to look at")
        try:
            return ClipAnswer.model_validate_json(done.stdout)
        except ValidationError:
            log.error("clip_look_died", status=done.returncode, said=done.stderr[-300:].decode(errors="replace"))
            return ClipAnswer(ok=False, detail="cannot be read as video")

    def _send(self, order: LookAtClip, answer: ClipAnswer) -> None:
        try:
            self._replies.send(order.reply_to, answer.packed())
        except RedisError as error:
            log.warning("clip_answer_lost", reason=type(error).__name__)
