"""What cameras are to be watched for, kept current while the eye works: their zones, and who looks closer."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence

from redis import Redis
from sqlalchemy.exc import SQLAlchemyError

from shared.db.camera_configs import zones_by_camera
from shared.db.engine import SessionFactory
from shared.domain.zone import Zone
from shared.loops import obey_restart
from shared.messages.commands import SyncCamera, SyncRules
from shared.observability.logs import get_logger
from shared.rules.looks import cameras_looked_at
from shared.streams import CommandTail

log = get_logger("eye.zones")


class ZoneBook:
    """Reads them at the start, at each `SyncCamera` and `SyncRules` and every `interval_s`, on a thread of its own.

    A database that cannot be reached leaves everything as it was.
    """

    def __init__(self, sessions: SessionFactory, redis: Redis, *, interval_s: float, judging: bool = False) -> None:
        self._sessions = sessions
        self._tail = CommandTail(redis)
        self._interval_s = interval_s
        self._judging = judging
        self._zones: Mapping[str, Sequence[Zone]] = {}
        self._looked_at: frozenset[str] = frozenset()
        self._loaded = False
        self._stop = threading.Event()

    def start(self, stop: threading.Event) -> None:
        """Read the zones once (blocks for that), then keep them current.

        `stop` is set when the eye is ordered to restart.
        """
        self._read()
        threading.Thread(target=self._run, args=(stop,), name="zone-book", daemon=True).start()

    def stop(self) -> None:
        self._stop.set()

    def zones(self, camera: str) -> Sequence[Zone] | None:
        """The camera's zones; None when it is unknown or disabled. Before the first reading nothing is refused."""
        return self._zones.get(camera, None if self._loaded else ())

    def keeps_crops(self, camera: str) -> bool:
        """Whether a rule has specialists or the judge look closer at what the camera shows."""
        return camera in self._looked_at

    def _run(self, service_stop: threading.Event) -> None:
        due = time.monotonic() + self._interval_s
        while not self._stop.is_set():
            orders = self._tail.poll(block_ms=500)
            obey_restart(orders, service_stop, service="eye")
            if any(isinstance(order, SyncCamera | SyncRules) for order in orders) or time.monotonic() >= due:
                self._read()
                due = time.monotonic() + self._interval_s

    def _read(self) -> None:
        try:
            with self._sessions() as session:
                self._zones = zones_by_camera(session)
                self._looked_at = cameras_looked_at(session, judging=self._judging)
            self._loaded = True
        except SQLAlchemyError as error:
            log.warning("zones_not_read", reason=str(error).splitlines()[0][:200])
