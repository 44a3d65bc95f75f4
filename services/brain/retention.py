"""Deletes what specialists leave once it is too old: vectors of appearances, and pictures that no event shows."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import delete, or_, select, tuple_
from sqlalchemy.exc import OperationalError

from services.brain import metrics
from services.brain.leftovers import Kept, LeftPicture, days_due, not_needed
from shared.db.engine import SessionFactory
from shared.db.tables import Appearance, DecisionRow, Event, SequenceHit
from shared.domain.errors import Transient
from shared.media import MediaStore
from shared.messages.topics import EYE_STATE
from shared.observability import get_logger
from shared.ownership.lease import Lease
from shared.rules.steps import MAX_WITHIN_S
from shared.settings.retention import RetentionSettings

log = get_logger("brain.retention")

LEASE_TTL_S: Final = 60.0
FOLDERS: Final = ("crops", "snapshots")

_CHUNK: Final = 200
_HITS_KEPT = timedelta(seconds=24 * MAX_WITHIN_S)
_HIT: Final = (SequenceHit.rule_slug, SequenceHit.sequence, SequenceHit.step, SequenceHit.presence_id)
# Between two chunks whoever waits to write comes first.
_PAUSE_S = 0.02


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
        self._stop = threading.Event()
        self._done: dict[str, date] = {}

    def run(self, stop: threading.Event) -> None:
        """Sweep now and then until `stop` is set. What cannot be reached is tried again at the next time."""
        self._stop = stop
        while not stop.is_set():
            try:
                self.sweep()
            except (RedisError, OperationalError, Transient) as error:
                log.warning("retention_postponed", reason=str(error)[:200])
            stop.wait(self._settings.interval_s)

    def sweep(self) -> None:
        """One round, unless another replica is at it. Blocks.

        Raises `redis.exceptions.RedisError`, `sqlalchemy.exc.OperationalError`, `Transient`.
        """
        if not self._lease.acquire():
            return
        try:
            appearances = self._remove_appearances()
            self._remove_decisions()
            self._remove_hits()
            pictures = self._remove_pictures("no event", keep=timedelta(hours=self._settings.no_event_h))
            pictures += self._remove_pictures("crops", keep=timedelta(days=self._settings.crops_days))
        finally:
            self._lease.release()
        if appearances or pictures:
            log.info("leftovers_removed", appearances=appearances, pictures=pictures)

    def _remove_appearances(self) -> int:
        before, count = self._now() - timedelta(days=self._settings.appearances_days), 0
        old = select(Appearance.id).where(Appearance.at < before).order_by(Appearance.at).limit(_CHUNK)
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
            for camera in self._media.names(folder):
                there = self._there(camera)
                count += self._of_camera(stage, f"{folder}/{camera}", keep=keep, there=there)
        metrics.REMOVED.labels("picture").inc(count)
        return count

    def _of_camera(self, stage: str, folder: str, *, keep: timedelta, there: frozenset[str]) -> int:
        done, count = f"{stage} {folder}", 0
        days = {day: path for day, path in self._days(folder) if day > self._done.get(done, date.min)}
        for day in days_due(days, now=self._now(), keep=keep):
            for names in _chunks(self._media.names(days[day])):
                if not self._goes_on():
                    return count
                pictures = [LeftPicture.named(days[day], name) for name in names]
                count += self._remove(pictures, there=there, crops_too=stage == "crops")
            self._media.remove_folder(days[day])
            self._done[done] = day
        return count

    def _remove(self, pictures: Sequence[LeftPicture], *, there: frozenset[str], crops_too: bool) -> int:
        gone = list(not_needed(pictures, self._kept(pictures), there=there, crops_too=crops_too))
        for picture in gone:
            self._media.delete(picture.path)
        self._stop.wait(_PAUSE_S)
        return len(gone)

    def _kept(self, pictures: Sequence[LeftPicture]) -> Kept:
        shown = {picture.of for picture in pictures if picture.of is not None}
        with self._reads() as session:
            rows = session.execute(
                select(Event.uuid, Event.presence_id, Event.snapshot, Event.crop).where(
                    or_(Event.presence_id.in_(shown), Event.uuid.in_(shown))
                )
            ).all()
        ids = {one for row in rows for one in (row.uuid, row.presence_id) if one is not None}
        return Kept(frozenset(ids), frozenset(path for row in rows for path in (row.snapshot, row.crop) if path))

    def _there(self, camera: str) -> frozenset[str]:
        """Presences that the eye sees now, however long ago they began."""
        try:
            known = json.loads(self._redis.get(EYE_STATE.format(slug=camera)) or b"{}")
            return frozenset(str(one) for one in known.get("presences", ()))
        except ValueError:
            return frozenset()

    def _days(self, folder: str) -> Iterator[tuple[date, str]]:
        for year in self._media.names(folder):
            for month in self._media.names(f"{folder}/{year}"):
                for name in self._media.names(f"{folder}/{year}/{month}"):
                    try:
                        yield date(int(year), int(month), int(name)), f"{folder}/{year}/{month}/{name}"
                    except ValueError:  # nobody here has made it
                        continue

    def _goes_on(self) -> bool:
        """Whether there is time for another chunk; the lease is prolonged for it."""
        return not self._stop.is_set() and self._lease.acquire()


def _chunks(names: Sequence[str]) -> Iterator[Sequence[str]]:
    return (names[start : start + _CHUNK] for start in range(0, len(names), _CHUNK))
