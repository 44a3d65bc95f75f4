"""Sequences over several cameras: what was done of them, and who completes one.

Each camera is another replica's to hear of, so what was done stands in the database. Who writes holds the rule's row:
of two replicas whose steps complete a sequence at the same moment the second sees what the first wrote, whichever
camera's message was handled first.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from services.brain.decisions import note
from services.brain.ledger import Entries, Ledger
from services.brain.looks import Known
from services.brain.site import SiteView
from services.brain.telling import Court
from shared.db.engine import SessionFactory
from shared.db.insert import insert
from shared.db.tables import RuleRow, SequenceHit
from shared.domain.presence import Presence
from shared.messages.presences import PresenceBody, PresenceChanged, PresenceEnded
from shared.rules.rule import Rule, cools_until, is_cooling
from shared.rules.sequence import Sighting, is_complete, sightings
from shared.rules.steps import InSteps

_REMEMBERED: Final = 20_000
_MOST_AT_ONCE: Final = 200
_WRITTEN_EVERY: Final = timedelta(seconds=2)
"""How often it is written down that somebody is still at a step."""

Told = tuple[PresenceBody, tuple[Presence, ...]]
"""A message about a presence, and who else was there."""

_Key = tuple[str, str, int, str]
"""A rule, its sequence's digest, a step and a presence."""


@dataclass(frozen=True, slots=True)
class _Sighting:
    """Somebody who does what a step of a rule asks, as a message tells it."""

    rule: Rule
    sequence: InSteps
    seen: Sighting
    body: PresenceBody

    @property
    def until(self) -> datetime:
        return self.seen.until

    @property
    def key(self) -> _Key:
        return self.rule.slug, self.sequence.digest, self.seen.step, self.body.presence_id

    @property
    def is_last(self) -> bool:
        return self.seen.step == len(self.sequence.steps) - 1


class Sequences:
    """Owned by the thread that hears of presences. Cameras that no sequence names cost nothing."""

    def __init__(
        self,
        sessions: SessionFactory,
        *,
        now: Callable[[], datetime],
        known: Callable[[], Known],
        court: Court,
    ) -> None:
        self._sessions = sessions
        self._now = now
        self._known = known
        self._court = court
        self._written: OrderedDict[_Key, datetime] = OrderedDict()

    def step(self, told: Sequence[Told], view: SiteView) -> Entries:
        """Write down which steps were done, and raise or widen the events of those who complete a sequence.

        One transaction, or none where nothing is new. A second time with the same messages changes nothing.
        """
        seen = [sighting for body, others in told for sighting in _sightings(body, others, view)]
        news = [sighting for sighting in seen if self._is_news(sighting)]
        ends = [body for body, _ in told if isinstance(body, PresenceEnded) and _rules_ending_at([body], view)]
        if not news and not ends:
            return Entries()
        with self._sessions.begin() as session:
            ledger = Ledger(session, view, now=self._now(), known=self._known(), court=self._court)
            there = _lock(session, {*(each.rule.slug for each in news), *_rules_ending_at(ends, view)})
            news = [sighting for sighting in news if sighting.rule.slug in there]
            for sighting in news:
                _write(session, sighting)
            for body in ends:
                _end(session, body)
            for hit, rule, sequence in _open(session, news):
                if self._completes(session, hit, sequence):
                    hit.settled = True
                    self._fire(session, ledger, view, rule, hit)
        for sighting in news:
            self._remember(sighting)
        return ledger.entries

    def _is_news(self, sighting: _Sighting) -> bool:
        before = self._written.get(sighting.key)
        if before is None:
            return True
        is_over = isinstance(sighting.body, PresenceEnded) or sighting.until < sighting.body.last_seen_at
        return sighting.until > before and (is_over or sighting.until - before >= _WRITTEN_EVERY)

    def _remember(self, sighting: _Sighting) -> None:
        self._written[sighting.key] = max(sighting.until, self._written.get(sighting.key, sighting.body.captured_at))
        self._written.move_to_end(sighting.key)
        while len(self._written) > _REMEMBERED:
            self._written.popitem(last=False)

    def _completes(self, session: Session, hit: SequenceHit, sequence: InSteps) -> bool:
        within = timedelta(seconds=sequence.within_s)

        def latest(step: int, before: datetime) -> datetime | None:
            return session.scalar(
                select(func.max(SequenceHit.until)).where(
                    SequenceHit.rule_slug == hit.rule_slug,
                    SequenceHit.sequence == hit.sequence,
                    SequenceHit.step == step,
                    SequenceHit.began_at < before,
                    SequenceHit.until >= hit.began_at - within,
                )
            )

        return is_complete(hit.began_at, len(sequence.steps), within=within, latest=latest)

    def _fire(self, session: Session, ledger: Ledger, view: SiteView, rule: Rule, hit: SequenceHit) -> None:
        known = PresenceChanged.model_validate_json(hit.body or "")
        body = known.model_copy(update={"captured_at": hit.began_at})
        ledger.read([body])
        camera = ledger.camera(body.camera)
        fired = ledger.entries.fired.get(body.presence_id, frozenset())
        last = ledger.entries.last_fired.get(body.camera, {}).get(rule.slug)
        if camera is None or rule.slug in fired:
            return
        silenced = {}
        if last is not None and is_cooling(rule, hit.began_at, last):
            silenced[rule.slug] = cools_until(rule, last)
        else:
            ledger.tell_of(body, [rule])
        # Of the presence as it was told last: what was noted of it since is not to be overwritten.
        note(
            session,
            view,
            ledger.entries,
            known,
            account_id=camera.account_id,
            now=self._now(),
            silenced=silenced,
        )
        if hit.ended_at is not None and not silenced:
            ledger.close(body)


def _sightings(body: PresenceBody, others: Sequence[Presence], view: SiteView) -> Iterable[_Sighting]:
    wanted = [(rule, rule.condition) for rule in view.rules_of.get(body.camera, ())
              if isinstance(rule.condition, InSteps)]  # fmt: skip
    if not wanted:
        return
    presence, at = body.presence(), body.captured_at
    if view.knows_false(presence):
        return
    for rule, sequence in wanted:
        for seen in sightings(sequence, presence, at, others):
            yield _Sighting(rule, sequence, seen, body)


def _rules_ending_at(bodies: Iterable[PresenceBody], view: SiteView) -> set[str]:
    """The rules whose sequence has its last step on the camera of one of these."""
    return {
        rule.slug
        for body in bodies
        for rule in view.rules_of.get(body.camera, ())
        if isinstance(rule.condition, InSteps) and rule.condition.steps[-1].camera == body.camera
    }


def _lock(session: Session, slugs: set[str]) -> frozenset[str]:
    """Those of the rules that are there, held until the transaction ends; always in the same order."""
    wanted = select(RuleRow.slug).where(RuleRow.slug.in_(slugs), RuleRow.enabled).order_by(RuleRow.slug)
    return frozenset(session.scalars(wanted.with_for_update()))


def _write(session: Session, sighting: _Sighting) -> None:
    body = sighting.body
    slug, sequence, step, presence_id = sighting.key
    told = body.model_dump_json() if sighting.is_last else None
    row = insert(session, SequenceHit).values(
        rule_slug=slug,
        sequence=sequence,
        step=step,
        presence_id=presence_id,
        camera_slug=body.camera,
        began_at=body.captured_at,
        until=sighting.seen.done_until,
        body=told,
        settled=False,
    )
    session.execute(
        row.on_conflict_do_update(
            index_elements=["rule_slug", "sequence", "step", "presence_id"],
            set_={"until": sighting.until, "body": told},
            where=(SequenceHit.until < sighting.until) & SequenceHit.ended_at.is_(None),
        )
    )


def _end(session: Session, body: PresenceBody) -> None:
    """Write down that it is over, for whoever learns later that it completed a sequence."""
    hits = update(SequenceHit).where(SequenceHit.presence_id == body.presence_id, SequenceHit.body.is_not(None))
    session.execute(hits.values(ended_at=body.last_seen_at, body=body.model_dump_json()))


def _open(session: Session, news: Sequence[_Sighting]) -> Iterable[tuple[SequenceHit, Rule, InSteps]]:
    """The last steps that may complete a sequence now, because of what was written."""
    for sighting in news:
        slug, sequence, _, presence_id = sighting.key
        within = timedelta(seconds=sighting.sequence.within_s)
        began_at, until = SequenceHit.began_at, sighting.seen.done_until
        mine = SequenceHit.presence_id == presence_id
        after = (began_at >= sighting.body.started_at) & (began_at <= until + within)
        query = select(SequenceHit).where(
            SequenceHit.rule_slug == slug,
            SequenceHit.sequence == sequence,
            SequenceHit.step == len(sighting.sequence.steps) - 1,
            ~SequenceHit.settled,
            mine if sighting.is_last else after,
        )
        hits = session.scalars(query.order_by(began_at).limit(_MOST_AT_ONCE).execution_options(populate_existing=True))
        for hit in hits.all():
            yield hit, sighting.rule, sighting.sequence
