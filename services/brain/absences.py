"""Looks for absences: nobody came where somebody should have been. One event each, until somebody comes.

Each camera is looked after by the replica that owns its shard. What is open stands in the database, so that whoever
takes a camera over, or starts again, neither tells of an absence twice nor leaves it open; how long nobody has been
there is counted anew then.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from services.brain import metrics, timeline
from services.brain.last_seen import LastSeen
from services.brain.ledger import Ledger
from services.brain.site import Site, SiteView
from services.brain.timeline import CameraFacts, EventDraft
from shared.db.engine import SessionFactory
from shared.db.tables import Event, RuleRow
from shared.messages.topics import EYE_STATE
from shared.observability import get_logger
from shared.rules.about_camera import AboutCamera
from shared.rules.absence import Vacancy, vacancy_at
from shared.rules.rule import Rule, is_cooling

log = get_logger("brain.absences")

MOST_BEHIND_S: Final = 2.0
"""A message that waits for less is on its way."""

_TICK_S = 1.0
_BACKOFF_S = 2.0

Key = tuple[str, str]
"""A camera and a rule, by their slugs."""


@dataclass(frozen=True, slots=True)
class OpenAbsence:
    """An event that was raised and has not ended."""

    uuid: str
    began_at: datetime
    told_at: datetime


@dataclass(frozen=True, slots=True)
class _Count:
    condition: AboutCamera
    vacancy: Vacancy


class Absences:
    """Owned by one thread. `cameras` are those that this replica looks after, by slug.

    `behind_s` tells how long presences of a camera have waited to be heard of: nobody is missed who may be among them.
    """

    def __init__(
        self,
        sessions: SessionFactory,
        site: Site,
        *,
        redis: Redis,
        cameras: Callable[[], Mapping[str, CameraFacts]],
        last_seen: LastSeen,
        behind_s: Callable[[str], float],
        now: Callable[[], datetime],
        committed: Callable[[], None],
    ) -> None:
        # redis-py annotates the replies of every protocol at once; ours are those of RESP2, in bytes.
        self._redis: Any = redis
        self._sessions = sessions
        self._site = site
        self._cameras = cameras
        self._last_seen = last_seen
        self._behind_s = behind_s
        self._now = now
        self._committed = committed
        self._known: frozenset[str] = frozenset()
        self._open: dict[Key, OpenAbsence] = {}
        self._counts: dict[Key, _Count] = {}
        self._fired: dict[Key, datetime] = {}

    def run(self, stop: threading.Event) -> None:
        """Look until `stop` is set. A database or a Redis that is away is waited out."""
        while not stop.is_set():
            try:
                self.step()
            except (OperationalError, RedisError) as error:
                log.warning("absences_wait", reason=type(error).__name__)
                stop.wait(_BACKOFF_S)
            stop.wait(_TICK_S)

    def step(self) -> None:
        """Count on, raise what is due and end what is over. Raises `OperationalError`, `RedisError`: step again."""
        cameras, view = self._cameras(), self._site.view
        self._take_over(cameras, view)
        wanted = _wanted(cameras, view, self._now())
        self._counts = {key: count for key, count in self._counts.items() if key in wanted}
        self._fired = {key: at for key, at in self._fired.items() if key in wanted}
        for key in [key for key in self._open if key not in wanted]:
            self._end(key, at=self._now())
        self._last_seen.keep({(camera, condition) for (camera, _), (_, condition) in wanted.items()})
        watched = self._watched({camera for camera, _ in wanted})
        for key, (rule, condition) in wanted.items():
            self._look(key, rule, condition, watched_at=watched.get(key[0]))

    def _take_over(self, cameras: Mapping[str, CameraFacts], view: SiteView) -> None:
        """Learn what is open on cameras that are new here, and let go of those that are another replica's now."""
        gone = {key for key in self._open if key[0] not in cameras}
        for key in gone:
            if key[0] in view.cameras:
                del self._open[key]
            else:
                self._end(key, at=self._now())
        new = cameras.keys() - self._known
        if new:
            with self._sessions.begin() as session:
                self._open |= open_absences(session, new)
        self._known = frozenset(cameras)

    def _watched(self, cameras: Collection[str]) -> dict[str, datetime]:
        """Of when the last picture is that the eye has looked at, by camera."""
        slugs = list(cameras)
        states = self._redis.mget([EYE_STATE.format(slug=slug) for slug in slugs]) if slugs else []
        found = ((slug, _last_at(state)) for slug, state in zip(slugs, states, strict=True))
        return {slug: at for slug, at in found if at is not None}

    def _look(self, key: Key, rule: Rule, condition: AboutCamera, *, watched_at: datetime | None) -> None:
        seen_at, opened = self._last_seen.at((key[0], condition)), self._open.get(key)
        if opened is not None and seen_at is not None and seen_at > opened.began_at:
            self._end(key, at=max(seen_at, opened.told_at))
        if watched_at is None:
            return
        before = self._counts.get(key)
        vacancy = vacancy_at(
            before.vacancy if before is not None and before.condition == condition else None,
            watched_at=watched_at,
            seen_at=seen_at,
        )
        self._counts[key] = _Count(condition, vacancy)
        is_due = key not in self._open and vacancy.counted_s >= condition.for_s
        if not is_due or is_cooling(rule, watched_at, self._fired.get(key)):
            return
        # Asked again, because what had waited may have been heard of just now.
        if self._behind_s(key[0]) <= MOST_BEHIND_S and self._last_seen.at((key[0], condition)) == seen_at:
            self._raise(key, rule, condition, vacancy)

    def _raise(self, key: Key, rule: Rule, condition: AboutCamera, vacancy: Vacancy) -> None:
        with self._sessions.begin() as session:
            # Locked, so that a replica that has just lost the shard cannot tell of the same absence.
            locked = select(RuleRow.id).where(RuleRow.slug == rule.slug, RuleRow.enabled).with_for_update()
            # Without a court: there is no picture of nobody that a judge could be shown.
            ledger = Ledger(session, self._site.view, now=self._now())
            camera = ledger.camera(key[0])
            if session.scalar(locked) is None or camera is None:
                return
            opened = open_absences(session, {key[0]}).get(key)
            if opened is None:
                ledger.read_firings({key[0]})
                last = ledger.entries.last_fired.get(key[0], {}).get(rule.slug)
                if last is not None and is_cooling(rule, vacancy.watched_at, last):
                    self._fired[key] = last
                    return
                draft = timeline.absence(camera, rule, condition, vacancy)
                ledger.raise_event(draft, [rule])
                ledger.fire(key[0], [rule.slug], at=vacancy.watched_at)
                opened = OpenAbsence(draft.uuid, draft.started_at, draft.at)
        self._open[key] = opened
        self._tell(ledger.entries.stored)

    def _end(self, key: Key, *, at: datetime) -> None:
        with self._sessions.begin() as session:
            ledger = Ledger(session, self._site.view, now=self._now())
            ledger.end_event(self._open[key].uuid, key[0], at=at)
        del self._open[key]
        if ledger.entries.told:
            self._committed()

    def _tell(self, stored: Collection[EventDraft]) -> None:
        for draft in stored:
            metrics.EVENTS.labels(draft.kind).inc()
            log.info(
                "event_stored", event_id=draft.uuid, camera=draft.camera.slug, label=draft.label, rules=draft.rules
            )
        if stored:
            self._committed()


def open_absences(session: Session, cameras: Collection[str]) -> dict[Key, OpenAbsence]:
    """The absences on these cameras that have not ended."""
    rows = session.execute(
        select(Event.uuid, Event.camera_slug, Event.rules, Event.modules_triggered, Event.started_at, Event.occurred_at)
        .where(
            Event.label == timeline.ABSENCE,
            Event.kind == "detection",
            Event.presence_id.is_(None),
            Event.ended_at.is_(None),
            Event.camera_slug.in_(cameras),
        )
        .order_by(Event.occurred_at)
    )
    # What a specialist found in a scene names its module, whatever it calls what it found.
    return {(row.camera_slug, row.rules[0]): OpenAbsence(row.uuid, row.started_at, row.occurred_at) for row in rows
            if row.rules and not row.modules_triggered}  # fmt: skip


def _wanted(cameras: Collection[str], view: SiteView, now: datetime) -> dict[Key, tuple[Rule, AboutCamera]]:
    return {
        (camera, rule.slug): (rule, rule.condition)
        for camera in cameras
        for rule in view.rules_of.get(camera, ())
        if isinstance(rule.condition, AboutCamera) and rule.condition.awake(now)
    }


def _last_at(state: bytes | None) -> datetime | None:
    try:
        said = json.loads(state or b"{}").get("last_at")
        return datetime.fromisoformat(said) if said else None
    except (ValueError, TypeError, AttributeError):
        return None
