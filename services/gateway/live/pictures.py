"""The pictures of cameras that somebody watches, once per camera and process, whoever else watches."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final

from redis.asyncio import Redis
from redis.exceptions import RedisError

from shared.domain.errors import InvalidMessage
from shared.messages.answers import SnapshotAnswer
from shared.messages.commands import LIVE_LEASE_S, ShowLive
from shared.messages.topics import LIVE_DRAWN, LIVE_PICTURES
from shared.observability import get_logger

log = get_logger("gateway.live")

_RENEW_S: Final = LIVE_LEASE_S / 3
_LISTEN_S: Final = 0.5
_BACKOFF_S: Final = 0.5

Key = tuple[str, bool]
"""A camera, and whether what the eye sees is drawn onto its pictures."""


@dataclass(slots=True, eq=False)
class Screen:
    """A camera's newest picture, for all who watch it. `number` counts them."""

    number: int = 0
    jpeg: bytes = b""
    viewers: int = 0
    follower: asyncio.Task[None] | None = None
    _changed: asyncio.Event | None = None

    def show(self, jpeg: bytes) -> None:
        """There is a new one: wake all who wait."""
        self.number, self.jpeg = self.number + 1, jpeg
        if self._changed is not None:
            self._changed.set()
            self._changed = None

    async def next(self, after: int, *, timeout_s: float) -> bool:
        """Whether a picture with a higher number is there, within the time."""
        if self.number > after:
            return True
        if self._changed is None:
            self._changed = asyncio.Event()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._changed.wait(), timeout_s)
        return self.number > after


class LivePictures:
    """Follows a camera while at least one viewer does. To be used on the loop of the streams alone.

    `order` tells ingest and the eye that somebody watches; it may block.
    """

    def __init__(self, redis_url: str, *, order: Callable[[ShowLive], None]) -> None:
        self._url = redis_url
        self._order = order
        self._screens: dict[Key, Screen] = {}

    @asynccontextmanager
    async def watch(self, camera: str, *, drawn: bool) -> AsyncIterator[Screen]:
        """The camera's screen, for as long as the viewer stays."""
        key = (camera, drawn)
        screen = self._screens.setdefault(key, Screen())
        screen.viewers += 1
        if screen.follower is None:
            screen.follower = asyncio.get_running_loop().create_task(self._follow(key, screen))
        try:
            yield screen
        finally:
            screen.viewers -= 1
            if not screen.viewers:
                self._screens.pop(key, None)
                screen.follower.cancel()

    async def _follow(self, key: Key, screen: Screen) -> None:
        while True:
            try:
                await self._show(key, screen)
            except (RedisError, OSError) as error:
                log.warning("live_pictures_wait", camera=key[0], reason=type(error).__name__)
                await asyncio.sleep(_BACKOFF_S)

    async def _show(self, key: Key, screen: Screen) -> None:
        camera, drawn = key
        channel = (LIVE_DRAWN if drawn else LIVE_PICTURES).format(slug=camera)
        # redis-py leaves much of its asynchronous side without types.
        redis: Any = Redis.from_url(self._url, protocol=2)
        try:
            heard = redis.pubsub()
            await heard.subscribe(channel)
            due = 0.0
            while True:
                if time.monotonic() >= due:
                    due = time.monotonic() + _RENEW_S
                    await asyncio.to_thread(self._order, ShowLive(camera=camera, drawn=drawn))
                message = await heard.get_message(ignore_subscribe_messages=True, timeout=_LISTEN_S)
                if message is not None:
                    _take(screen, bytes(message["data"]), camera)
        finally:
            await redis.aclose()


def _take(screen: Screen, content: bytes, camera: str) -> None:
    try:
        jpeg = SnapshotAnswer.unpacked(content).jpeg
    except InvalidMessage as error:
        log.warning("live_picture_unreadable", camera=camera, reason=str(error))
        return
    if jpeg:
        screen.show(jpeg)
