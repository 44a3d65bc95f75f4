"""The eye's main loop."""

from __future__ import annotations

import threading
import time

from redis.exceptions import RedisError

from services.eye.clip_looks import ClipLooks
from services.eye.detector import Detector
from services.eye.live import LiveDrawing
from services.eye.pipeline import EyePipeline
from services.eye.zone_book import ZoneBook
from shared.domain.backoff import doubling_s
from shared.domain.errors import Transient
from shared.observability import Liveness, get_logger
from shared.ownership import ShardOwnership
from shared.streams import GroupReader

log = get_logger("eye.service")

_BACKOFF_BASE_S = 0.2
_BACKOFF_CAP_S = 5.0
_TICK_S = 1.0
_BLOCK_MS = 500


class EyeService:
    """Reads frames of the owned shards and feeds the pipeline, until told to stop."""

    def __init__(
        self,
        *,
        reader: GroupReader,
        pipeline: EyePipeline,
        ownership: ShardOwnership,
        zones: ZoneBook,
        clips: ClipLooks,
        live: LiveDrawing,
        detector: Detector,
        liveness: Liveness,
    ) -> None:
        self._reader = reader
        self._pipeline = pipeline
        self._ownership = ownership
        self._zones = zones
        self._clips = clips
        self._live = live
        self._detector = detector
        self._liveness = liveness
        self._next_tick = 0.0

    def run(self, stop: threading.Event) -> int:
        """Work until `stop` is set and the frames in hand are done; the exit status. Blocks."""
        self._zones.start(stop)
        self._ownership.start()
        self._clips.start()
        self._live.start()
        log.info("eye_ready", detector=self._detector.name)
        failures = 0
        try:
            while not stop.is_set():
                self._liveness.beat(detector=self._detector.name)
                try:
                    self._round(stop)
                    failures = 0
                except (RedisError, Transient) as error:
                    failures += 1
                    self._start_over(error)
                    stop.wait(doubling_s(failures, base_s=_BACKOFF_BASE_S, cap_s=_BACKOFF_CAP_S))
        finally:
            self._close()
        return 0

    def _round(self, stop: threading.Event) -> None:
        self._pipeline.keep_only(self._ownership.owned)
        received = self._reader.poll(count=8, block_ms=_BLOCK_MS)
        if received:
            self._pipeline.process(received, go_on=lambda: not stop.is_set())
        self._tick()

    def _tick(self) -> None:
        now = time.monotonic()
        if now >= self._next_tick:
            self._next_tick = now + _TICK_S
            self._pipeline.end_silent()

    def _start_over(self, error: Exception) -> None:
        # Whether the last transaction was carried out is not known: what Redis holds is the truth.
        log.warning("eye_waits", reason=str(error)[:200])
        self._pipeline.forget()
        self._reader.reread()

    def _close(self) -> None:
        self._zones.stop()
        self._clips.stop()
        self._live.stop()
        self._ownership.stop()
        self._detector.close()
        self._liveness.end()
