"""Which cameras run here: those that are enabled and whose shards this replica owns."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from services.ingest.camera import CameraWorker
from shared.db.camera_configs import CameraConfig
from shared.domain.errors import Transient
from shared.domain.ids import shard_of
from shared.loops import obey_restart
from shared.messages.commands import ProbeCamera, ShowLive, SyncCamera, TakeBurst, TakeSnapshot
from shared.messages.message import Message
from shared.observability import get_logger

log = get_logger("ingest.supervisor")

SERVICE = "ingest"
# Options that change how a camera is read. Others, such as its zones, are nothing to ingest.
_OPTIONS = ("transport", "record")


@dataclass(frozen=True, slots=True)
class _Running:
    worker: CameraWorker
    wiring: object


class Supervisor:
    """Keeps one worker per camera. Used by one thread.

    `cameras` gives the enabled cameras by slug and may raise `Transient` (then what runs goes on); `start` makes and
    starts the worker of one; `probe` begins a probe and returns.
    """

    def __init__(
        self,
        *,
        cameras: Callable[[], Mapping[str, CameraConfig]],
        start: Callable[[CameraConfig, int], CameraWorker],
        owned: Callable[[], frozenset[int]],
        shards: int,
        sync_interval_s: float,
        probe: Callable[[ProbeCamera], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._cameras = cameras
        self._start = start
        self._owned = owned
        self._shards = shards
        self._sync_interval_s = sync_interval_s
        self._probe = probe
        self._monotonic = monotonic
        self._known: Mapping[str, CameraConfig] = {}
        self._running: dict[str, _Running] = {}
        self._next_sync = 0.0

    @property
    def running(self) -> frozenset[str]:
        """The slugs of the cameras that run here."""
        return frozenset(self._running)

    def run(self, stop: threading.Event, *, orders: Callable[[], list[Message]], beat: Callable[[int], None]) -> None:
        """Work until `stop` is set. `orders` waits a moment for new ones; `beat` is told how many cameras run."""
        while not stop.is_set():
            new = orders()
            if obey_restart(new, stop, service=SERVICE):
                return
            self.step(sync=any(isinstance(order, SyncCamera) for order in new))
            for order in new:
                self._answer(order)
            beat(len(self._running))

    def step(self, *, sync: bool = False) -> None:
        """Bring what runs in line with what should; reads the database when `sync` asks or it is time."""
        if sync or self._monotonic() >= self._next_sync:
            self._next_sync = self._monotonic() + self._read()
        owned = self._owned()
        wanted = {slug: config for slug, config in self._known.items() if shard_of(slug, self._shards) in owned}
        for slug in self._running.keys() - wanted.keys():
            # A shard that moved takes its status along; a camera that is gone leaves none behind.
            self._end(slug, delete_status=slug not in self._known)
        for slug, config in wanted.items():
            self._keep(slug, config)

    def stop(self, *, timeout_s: float = 2.0) -> None:
        """Silence every camera at once, then wait for their threads as long as the time allows."""
        workers = [running.worker for running in self._running.values()]
        for worker in workers:
            worker.stop()
        deadline = self._monotonic() + timeout_s
        lingering = [w for w in workers if not w.join(timeout_s=max(0.0, deadline - self._monotonic()))]
        if lingering:
            log.info("cameras_left_in_dead_connections", count=len(lingering))
        self._running.clear()

    def _answer(self, order: Message) -> None:
        """Begin on what somebody waits for, if it is this replica's to answer."""
        if isinstance(order, TakeSnapshot) and order.camera in self._running:
            self._running[order.camera].worker.ask(order)
        elif isinstance(order, TakeBurst) and order.camera in self._running:
            self._running[order.camera].worker.ask_burst(order)
        elif isinstance(order, ShowLive) and order.camera in self._running:
            self._running[order.camera].worker.show()
        elif isinstance(order, ProbeCamera) and shard_of(order.reply_to, self._shards) in self._owned():
            self._probe(order)

    def _read(self) -> float:
        try:
            self._known = self._cameras()
        except Transient as error:
            log.warning("sync_failed", reason=str(error))
            return min(1.0, self._sync_interval_s)
        return self._sync_interval_s

    def _keep(self, slug: str, config: CameraConfig) -> None:
        running = self._running.get(slug)
        wiring = _wiring(config)
        if running is not None and running.wiring == wiring:
            return
        if running is not None:
            log.info("camera_changed", camera=slug)
            self._end(slug, delete_status=False)
        self._running[slug] = _Running(self._start(config, shard_of(slug, self._shards)), wiring)

    def _end(self, slug: str, *, delete_status: bool) -> None:
        self._running.pop(slug).worker.stop(delete_status=delete_status)
        log.info("camera_stopped", camera=slug, removed=delete_status)


def _wiring(config: CameraConfig) -> object:
    return config.url, tuple(config.options.get(name) for name in _OPTIONS)
