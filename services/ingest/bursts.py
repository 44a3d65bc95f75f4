"""A few pictures in a row for those who ask: a scene now and then, without the eye and without a presence."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from services.ingest.faults import SourceFailed
from shared.domain.camera import CameraFault
from shared.messages.answers import SnapshotAnswer
from shared.messages.commands import TakeBurst

# Keyframes may stand ten seconds apart, and nothing can be decoded before one.
_PATIENCE_S = 12.0
_MOST_WAITING = 4
# A picture that comes a little early is taken rather than missed.
_EARLY_S = 0.02

BUSY = SourceFailed(CameraFault.TIMEOUT, "too many ask for pictures of this camera")
LATE = SourceFailed(CameraFault.TIMEOUT, "no more pictures came in time")


class Camera(Protocol):
    """What can give pictures in a row: a `Session`."""

    @property
    def newest_s(self) -> float | None:
        """The place of the newest decoded picture on the wall clock; None while there is none."""

    def watch(self, *, on: bool) -> None:
        """Decode everything from now on, or only what is needed again."""

    def snapshot(self, *, width: int | None) -> SnapshotAnswer | None:
        """The newest picture, or None while there is none yet."""


Send = Callable[[TakeBurst, SnapshotAnswer], None]


@dataclass(slots=True)
class _Burst:
    order: TakeBurst
    until: float
    sent: int = 0
    due_s: float = field(default=float("-inf"))


class BurstDesk:
    """Serves one burst after the other; each picture is sent as it comes, a failure instead of those that do not.

    Nothing is decoded for nobody. `ask` may be called from any thread, the rest belongs to the camera's. `send` must
    not block.
    """

    def __init__(self, camera: str, *, send: Send, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._camera = camera
        self._send = send
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._waiting: deque[TakeBurst] = deque()
        self._failure: SourceFailed | None = None
        self._now: _Burst | None = None

    def ask(self, order: TakeBurst) -> None:
        """Take the order on, or send the reason away with it. Returns at once."""
        with self._lock:
            failure = self._failure
            if failure is None and len(self._waiting) >= _MOST_WAITING:
                failure = BUSY
            if failure is None:
                self._waiting.append(order)
        if failure is not None:
            self._refuse_one(order, failure)

    def serve(self, camera: Camera) -> None:
        """Send the newest picture where it is one more; costs nothing when nobody asks. To be called often."""
        if self._now is None and not self._begin(camera):
            return
        burst = self._now
        assert burst is not None  # noqa: S101 – begun above
        newest_s = camera.newest_s
        if newest_s is not None and newest_s >= burst.due_s - _EARLY_S:
            self._send_one(burst, camera, newest_s)
        if burst.sent >= burst.order.pictures:
            self._end(camera)
        elif self._monotonic() > burst.until:
            self._refuse_one(burst.order, LATE)
            self._end(camera)

    def opened(self) -> None:
        """The camera was reached: pictures will come."""
        with self._lock:
            self._failure = None

    def refuse(self, failure: SourceFailed) -> None:
        """The camera is down: tell all who wait, and from now on all who ask."""
        with self._lock:
            self._failure = failure
            refused, self._waiting = [*self._waiting], deque()
        if self._now is not None:
            refused.insert(0, self._now.order)
            self._now = None
        for order in refused:
            self._refuse_one(order, failure)

    def _begin(self, camera: Camera) -> bool:
        if not self._waiting:
            return False
        with self._lock:
            order = self._waiting.popleft() if self._waiting else None
        if order is None:
            return False
        until = self._monotonic() + _PATIENCE_S + order.pictures / order.fps
        # What was decoded before is of the past: the first picture is one that comes from now on.
        after_s = camera.newest_s
        self._now = _Burst(order, until, due_s=float("-inf") if after_s is None else after_s + 1e-3 + _EARLY_S)
        camera.watch(on=True)
        return True

    def _send_one(self, burst: _Burst, camera: Camera, at_s: float) -> None:
        answer = camera.snapshot(width=burst.order.width)
        if answer is None:
            return
        self._send(burst.order, answer)
        burst.sent += 1
        step_s = 1 / burst.order.fps
        # In step where pictures come in time, without a rush after a gap.
        burst.due_s = max(burst.due_s + step_s, at_s + step_s / 2) if burst.sent > 1 else at_s + step_s

    def _end(self, camera: Camera) -> None:
        self._now = None
        camera.watch(on=False)

    def _refuse_one(self, order: TakeBurst, failure: SourceFailed) -> None:
        self._send(order, SnapshotAnswer(camera=self._camera, fault=failure.fault, detail=failure.detail))
