"""What the eye sees, drawn onto the pictures of cameras that somebody watches, on a thread of its own."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final

from redis import Redis
from redis.exceptions import RedisError

from services.eye import pictures
from shared.domain.box import Box
from shared.domain.errors import InvalidMessage, Permanent
from shared.domain.ids import shard_of
from shared.domain.zone import Zone
from shared.messages.answers import SnapshotAnswer
from shared.messages.commands import LIVE_LEASE_S, ShowLive
from shared.messages.topics import EYE_STATE, LIVE_DRAWN, LIVE_PICTURES
from shared.observability import get_logger
from shared.streams import CommandTail

log = get_logger("eye.live")

MOST_FPS: Final = 10.0
"""Drawing is for eyes, and the cores are for looking."""

_BLOCK_MS: Final = 300
_BACKOFF_S: Final = 1.0


class LiveDrawing:
    """Redraws the pictures that ingest shows, while `ShowLive` asks for it: once for all who watch.

    `owned` are the shards of this replica, `zones` gives those of a camera (None: it is unknown or disabled).
    """

    def __init__(
        self,
        redis: Redis,
        *,
        zones: Callable[[str], Sequence[Zone] | None],
        owned: Callable[[], Collection[int]],
        shards: int,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        # redis-py annotates the replies of every protocol at once; ours are those of RESP2, in bytes.
        self._redis: Any = redis
        self._tail = CommandTail(redis)
        self._zones = zones
        self._owned = owned
        self._shards = shards
        self._monotonic = monotonic
        self._until: dict[str, float] = {}
        self._drawn_at: dict[str, float] = {}
        self._heard: Any = None
        self._stop = threading.Event()

    def start(self) -> None:
        threading.Thread(target=self._follow, name="live-orders", daemon=True).start()
        threading.Thread(target=self._run, name="live-drawing", daemon=True).start()

    def stop(self) -> None:
        self._stop.set()

    def _follow(self) -> None:
        while not self._stop.is_set():
            for order in self._tail.poll(block_ms=_BLOCK_MS):
                if (
                    isinstance(order, ShowLive)
                    and order.drawn
                    and shard_of(order.camera, self._shards) in self._owned()
                ):
                    self._until[order.camera] = self._monotonic() + LIVE_LEASE_S

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._step()
            except RedisError as error:
                log.warning("live_drawing_waits", reason=type(error).__name__)
                self._heard = None
                self._stop.wait(_BACKOFF_S)

    def _step(self) -> None:
        wanted = self._wanted()
        if not wanted:
            self._leave()
            self._stop.wait(_BLOCK_MS / 1000)
            return
        self._listen(wanted)
        message = self._heard.get_message(ignore_subscribe_messages=True, timeout=_BLOCK_MS / 1000)
        if message is not None:
            self._redraw(bytes(message["data"]))

    def _wanted(self) -> frozenset[str]:
        now = self._monotonic()
        for camera in [camera for camera, until in self._until.copy().items() if until < now]:
            self._until.pop(camera, None)
        return frozenset(self._until.copy())

    def _listen(self, wanted: frozenset[str]) -> None:
        if self._heard is None:
            self._heard = self._redis.pubsub()
        channels = {LIVE_PICTURES.format(slug=slug).encode() for slug in wanted}
        there = set(self._heard.channels)
        if new := channels - there:
            self._heard.subscribe(*new)
        if old := there - channels:
            self._heard.unsubscribe(*old)

    def _leave(self) -> None:
        if self._heard is not None:
            self._heard.close()
            self._heard = None

    def _redraw(self, content: bytes) -> None:
        try:
            shown = SnapshotAnswer.unpacked(content)
            now = self._monotonic()
            if not shown.jpeg or now - self._drawn_at.get(shown.camera, 0.0) < 1 / MOST_FPS:
                return
            self._drawn_at[shown.camera] = now
            image = pictures.decode(shown.jpeg, size=(shown.width, shown.height))
        except (InvalidMessage, Permanent) as error:
            log.warning("live_picture_unreadable", reason=str(error))
            return
        drawn = pictures.overlaid(image, self._tracks(shown), self._zones(shown.camera) or ())
        answer = shown.model_copy(update={"jpeg": drawn})
        self._redis.publish(LIVE_DRAWN.format(slug=shown.camera), answer.packed())

    def _tracks(self, shown: SnapshotAnswer) -> list[tuple[Box, str]]:
        """Boxes in pixels of the shown picture, with what is written beside each."""
        try:
            state: Mapping[str, Any] = json.loads(self._redis.get(EYE_STATE.format(slug=shown.camera)) or b"{}")
            width, height = state.get("size") or (shown.width, shown.height)
            sx, sy = shown.width / width, shown.height / height
            return [(Box(*each["box"]).scaled(sx, sy), caption(each)) for each in state.get("tracks", ())]
        except (ValueError, KeyError, TypeError, ZeroDivisionError):
            return []


def caption(track: Mapping[str, Any]) -> str:
    """`person #7 94%`; without a share where the track is only predicted."""
    score = track.get("score")
    return f"{track['label']} #{track['id']}" + (f" {score:.0%}" if score is not None else "")
