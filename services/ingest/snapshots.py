"""Pictures for those who ask: one camera's askers, and what they are told."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from services.ingest.faults import SourceFailed
from shared.messages.answers import SnapshotAnswer
from shared.messages.commands import TakeSnapshot

# Who asked has given up by then.
_PATIENCE_S = 10.0
_MOST_WAITING = 256


class Camera(Protocol):
    """What can give a picture: a `Session`."""

    def snapshot(self, *, width: int | None) -> SnapshotAnswer | None:
        """The newest picture, or None while there is none yet."""


@dataclass(frozen=True, slots=True)
class _Asked:
    order: TakeSnapshot
    until: float


Send = Callable[[TakeSnapshot, SnapshotAnswer], None]


class SnapshotDesk:
    """Keeps askers until the camera's own thread serves them; while the camera is down it tells them so at once.

    Nothing is decoded or encoded for nobody, and those who wait for the same size are served with one picture.
    `ask` may be called from any thread, the rest belongs to the camera's. `send` must not block.
    """

    def __init__(self, camera: str, *, send: Send, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._camera = camera
        self._send = send
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._waiting: list[_Asked] = []
        self._failure: SourceFailed | None = None

    def ask(self, order: TakeSnapshot) -> None:
        """Take an asker on, or send the reason away with them. Returns at once."""
        with self._lock:
            failure = self._failure
            if failure is None and len(self._waiting) < _MOST_WAITING:
                self._waiting.append(_Asked(order, self._monotonic() + _PATIENCE_S))
        if failure is not None:
            self._send(order, self._refusal(failure))

    def serve(self, camera: Camera) -> None:
        """Give everybody who waits the newest picture; costs nothing when nobody does."""
        if not self._waiting:
            return
        made: dict[int | None, SnapshotAnswer | None] = {}
        for asked in self._take():
            width = asked.order.width
            if width not in made:
                made[width] = camera.snapshot(width=width)
            answer = made[width]
            if answer is not None:
                self._send(asked.order, answer)
            elif self._monotonic() < asked.until:
                with self._lock:
                    self._waiting.append(asked)

    def opened(self) -> None:
        """The camera was reached: a picture will come."""
        with self._lock:
            self._failure = None

    def refuse(self, failure: SourceFailed) -> None:
        """The camera is down: tell all who wait, and from now on all who ask."""
        with self._lock:
            self._failure = failure
        for asked in self._take():
            self._send(asked.order, self._refusal(failure))

    def _take(self) -> list[_Asked]:
        with self._lock:
            taken, self._waiting = self._waiting, []
        return taken

    def _refusal(self, failure: SourceFailed) -> SnapshotAnswer:
        return SnapshotAnswer(camera=self._camera, fault=failure.fault, detail=failure.detail)
