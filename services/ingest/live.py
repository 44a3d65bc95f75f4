"""Pictures as they come, for people who watch a camera now; none are made while nobody does."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, Protocol

from shared.messages.answers import SnapshotAnswer
from shared.messages.commands import LIVE_LEASE_S

MOST_FPS: Final = 30.0
# Pictures do not come by the clock: one that is a little early is shown rather than missed.
_EARLY_S: Final = 0.008


class Camera(Protocol):
    """What gives pictures: a `Session`."""

    @property
    def newest_s(self) -> float | None:
        """The place of the newest decoded picture on the wall clock; None while there is none."""

    def watch(self, *, on: bool) -> None:
        """Decode everything from now on, or only what is needed again."""

    def snapshot(self, *, width: int | None) -> SnapshotAnswer | None:
        """The newest picture, or None while there is none yet."""


class LiveDesk:
    """Sends a camera's pictures while its lease lasts: `LIVE_LEASE_S` from the last time it was asked for.

    `ask` may be called from any thread, the rest belongs to the camera's. `send` must not block. `width` bounds the
    pictures.
    """

    def __init__(
        self,
        *,
        send: Callable[[SnapshotAnswer], None],
        width: int,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._send = send
        self._width = width
        self._monotonic = monotonic
        self._until = float("-inf")
        self._watched: Camera | None = None
        self._sent_s = float("-inf")

    def ask(self) -> None:
        """Somebody watches."""
        self._until = self._monotonic() + LIVE_LEASE_S

    def serve(self, camera: Camera) -> None:
        """Send the newest picture where it is one more; costs nothing when nobody watches. To be called often."""
        if self._until == float("-inf"):
            return
        if self._monotonic() > self._until:
            self._leave()
            return
        if self._watched is not camera:
            self._watched, self._sent_s = camera, float("-inf")
            camera.watch(on=True)
        newest_s = camera.newest_s
        if newest_s is None or newest_s < self._sent_s + 1 / MOST_FPS - _EARLY_S:
            return
        picture = camera.snapshot(width=self._width)
        if picture is not None:
            self._sent_s = newest_s
            self._send(picture)

    def lost(self) -> None:
        """The connection has ended; a lease goes on with the next one."""
        self._watched = None

    def _leave(self) -> None:
        self._until = float("-inf")
        if self._watched is not None:
            self._watched.watch(on=False)
            self._watched = None
