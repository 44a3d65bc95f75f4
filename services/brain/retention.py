"""Deletes what is too old: events and recognitions, vectors of appearances, and pictures that no event shows."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any, Final

from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import delete, exists, or_, select, tuple_
from sqlalchemy.exc import OperationalError

from services.brain import metrics
from shared.db.engine import SessionFactory
from shared.db.tables import Appearance, DecisionRow, Event, SequenceHit
from shared.domain.errors import Transient
from shared.media import MediaStore
from shared.messages.topics import RETENTION_WANTED
from shared.observability import get_logger
from shared.ownership.lease import Lease
from shared.retention.leftovers import days_due
from shared.retention.old_events import OldEvents
from shared.retention.pictures import FOLDERS, Pictures
from shared.retention.seen_now import presences_there
from shared.rules.steps import MAX_WITHIN_S
from shared.settings.retention import RetentionSettings

log = get_logger("brain.retention")

LEASE_TTL_S: Final = 60.0

_CHUNK: Final = 200
_HITS_KEPT = timedelta(seconds=24 * MAX_WITHIN_S)
_HIT: Final = (SequenceHit.rule_slug, SequenceHit.sequence, SequenceHit.step, SequenceHit.presence_id)
# Between two chunks whoever waits to write comes first.
_PAUSE_S = 0.02
_LOOK_S = 2.0
# What is under legal hold keeps what its people looked like.
_HELD = exists().where(
    or_(Event.uuid == Appearance.event_uuid, Event.presence_id == Appearance.presence_id), Event.legal_hold
)


class Retention:
    """Works through what is due in small transactions. One replica at a time, at most once every `interval_s`.

    The first time all days are looked at, from then on those that have become due since. Owned by one thread.
    """

    def __init__(
        self,
        writes: SessionFactory,
        reads: SessionFactory,
        *,
        redis: Redis,
        media: MediaStore,
        lease: Lease,
        settings: RetentionSettings,
        now: Callable[[], datetime],
    ) -> None:
        # redis-py annotates the replies of every protocol at once; ours are those of RESP2, in bytes.
        self._redis: Any = redis
        self._writes = writes
        self._reads = reads
        self._media = media
        self._lease = lease
        self._settings = settings
        self._now = now
        self._pictures = Pictures(reads, media, there=lambda camera: presences_there(redis, camera))
        self._stop = threading.Event()
        self._old_events = OldEvents(
            writes,
            reads,
            media=media,
            there=lambda camera: presences_there(redis, camera),
            now=now,
            wait=self._pause,
        )
        self._done: dict[str, date] = {}

    def run(self, stop: threading.Event) -> None:
        """Sweep now and then, and when somebody asks for it, until `stop` is set.

        What cannot be reached is tried again at the next time.
        """
        self._stop = stop
        while not stop.is_set():
            try:
                self.sweep()
            except (RedisError, OperationalError, Transient) as error:
                log.warning("retention_postponed", reason=str(error)[:200])
            self._rest(stop)

    def _rest(self, stop: threading.Event) -> None:
        until = time.monotonic() + self._settings.interval_s
        while not stop.wait(min(_LOOK_S, max(0.0, until - time.monotonic()))) and time.monotonic() < until:
            with suppress(RedisError):
                if self._redis.delete(RETENTION_WANTED):
                    return

    def sweep(self) -> None:
        """One round, unless another replica is at it. Blocks.

        Raises `redis.exceptions.RedisError`, `sqlalchemy.exc.OperationalError`, `Transient`.
        """
        if not self._lease.acquire():
            return
        try:
            self._remove_events()
            appearances = self._remove_appearances()
            self._remove_decisions()
            self._remove_hits()
            pictures = self._remove_pictures("no event", keep=timedelta(hours=self._settings.no_event_h))
            pictures += self._remove_pictures("crops", keep=timedelta(days=self._settings.crops_days))
        finally:
            self._lease.release()
        if appearances or pictures:
            log.info("leftovers_removed", appearances=appearances, pictures=pictures)

    def _remove_events(self) -> None:
        removed = self._old_events.remove(days=self._settings.events_days, goes_on=self._goes_on)
        metrics.REMOVED.labels("event").inc(removed.events)
        metrics.REMOVED.labels("recognition").inc(removed.recognitions)
        if removed.events or removed.recognitions:
            log.info("old_events_removed", events=removed.events, recognitions=removed.recognitions)

    def _remove_appearances(self) -> int:
        before, count = self._now() - timedelta(days=self._settings.appearances_days), 0
        old = select(Appearance.id).where(Appearance.at < before, ~_HELD).order_by(Appearance.at).limit(_CHUNK)
        while self._goes_on():
            with self._reads() as session:
                ids = session.scalars(old).all()
            if not ids:
                break
            with self._writes.begin() as session:
                session.execute(delete(Appearance).where(Appearance.id.in_(ids)))
            count += len(ids)
            self._stop.wait(_PAUSE_S)
        metrics.REMOVED.labels("appearance").inc(count)
        return count

    def _remove_hits(self) -> None:
        """What was done of sequences so long ago that no message about it can still be on its way."""
        before = self._now() - _HITS_KEPT
        old = select(*_HIT).where(SequenceHit.until < before).limit(_CHUNK)
        while self._goes_on():
            with self._reads() as session:
                hits = [tuple(row) for row in session.execute(old)]
            if not hits:
                return
            with self._writes.begin() as session:
                session.execute(delete(SequenceHit).where(tuple_(*_HIT).in_(hits), SequenceHit.until < before))
            metrics.REMOVED.labels("sequence_hit").inc(len(hits))
            self._stop.wait(_PAUSE_S)

    def _remove_decisions(self) -> None:
        before = self._now() - timedelta(hours=self._settings.decisions_h)
        old = select(DecisionRow.presence_id).where(DecisionRow.noted_at < before).limit(_CHUNK)
        while self._goes_on():
            with self._reads() as session:
                ids = session.scalars(old).all()
            if not ids:
                return
            with self._writes.begin() as session:
                # Asked again: one that is still there may have been noted anew meanwhile.
                session.execute(
                    delete(DecisionRow).where(DecisionRow.presence_id.in_(ids), DecisionRow.noted_at < before)
                )
            metrics.REMOVED.labels("decision").inc(len(ids))
            self._stop.wait(_PAUSE_S)

    def _remove_pictures(self, stage: str, *, keep: timedelta) -> int:
        """Of days that are due now and were not at the last round; how many."""
        count = 0
        for folder in FOLDERS if stage == "no event" else FOLDERS[:1]:
            for camera in self._pictures.cameras(folder):
                count += self._of_camera(stage, folder, camera, keep=keep)
        metrics.REMOVED.labels("picture").inc(count)
        return count

    def _of_camera(self, stage: str, kind: str, camera: str, *, keep: timedelta) -> int:
        folder, count = f"{kind}/{camera}", 0
        done = f"{stage} {folder}"
        days = {day: path for day, path in self._pictures.days(folder) if day > self._done.get(done, date.min)}
        for day in days_due(days, now=self._now(), keep=keep):
            for pictures in self._pictures.chunks(days[day]):
                if not self._goes_on():
                    return count
                gone = self._pictures.not_needed(pictures, camera=camera, crops_too=stage == "crops")
                for picture in gone:
                    self._media.delete(picture.path)
                count += len(gone)
                self._stop.wait(_PAUSE_S)
            self._media.remove_folder(days[day])
            self._done[done] = day
        return count

    def _pause(self, seconds: float) -> None:
        self._stop.wait(seconds)

    def _goes_on(self) -> bool:
        """Whether there is time for another chunk; the lease is prolonged for it."""
        return not self._stop.is_set() and self._lease.acquire()
