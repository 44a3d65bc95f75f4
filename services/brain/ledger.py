"""Events, firings and outbox rows of a batch of messages, written in one transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from services.brain import cases, looks, timeline
from services.brain.incidents import deepen, join, prolong
from services.brain.looks import Known
from services.brain.site import CAMERA_COLUMNS, SiteView, facts_of
from services.brain.telling import Court, Standing, Telling, telling
from services.brain.timeline import CameraFacts, EventDraft
from shared.db.insert import insert
from shared.db.outbox import outbox_row
from shared.db.tables import ANYWHERE, Camera, Case, Event, OutboxRow, RuleFiring, VerdictRow
from shared.domain import ids
from shared.domain.presence import Presence
from shared.messages.events import EventEnded, EventRaised
from shared.messages.presences import PresenceBody, PresenceEnded
from shared.messages.topics import EVENTS, MODULE_ORDERS
from shared.rules.found import Found, Match
from shared.rules.rule import Rule, evaluate

MOST_EVIDENCE: Final = 3
"""Pictures that the judge is shown beside the event's snapshot."""


@dataclass(slots=True)
class Entries:
    """What a transaction read and wrote; valid once it is committed. `firings`: presence and rule."""

    fired: dict[str, frozenset[str]] = field(default_factory=dict)
    last_fired: dict[str, dict[str, datetime]] = field(default_factory=dict)
    firings: set[tuple[str, str]] = field(default_factory=set)
    stored: list[EventDraft] = field(default_factory=list)
    told: int = 0
    looked: set[str] = field(default_factory=set)
    ordered: int = 0
    asked: int = 0


@dataclass(frozen=True, slots=True)
class _Asked:
    """Which specialists look at the presence of a stored event, and since when."""

    modules: tuple[str, ...]
    since: datetime


_Because = tuple[Found, Sequence[tuple[Rule, Match]]]


class Ledger:
    """One transaction's view. Every step may be repeated with the same message and then changes nothing."""

    def __init__(
        self,
        session: Session,
        view: SiteView,
        *,
        now: datetime,
        known: Known | None = None,
        court: Court = Court(),  # noqa: B008 – a value
    ) -> None:
        self._session = session
        self._view = view
        self._now = now
        self._known = known or {}
        self._court = court
        self._cameras: dict[str, CameraFacts] = {}
        self._asked: dict[str, _Asked] = {}
        self.entries = Entries()

    def read(self, presences: Iterable[PresenceBody]) -> None:
        """Read what is stored of these presences and their cameras, in three queries."""
        bodies = list(presences)
        cameras = {body.camera for body in bodies}
        by_event = {ids.event_id(body.presence_id): body.presence_id for body in bodies}
        self._read_cameras(cameras)
        self.read_firings(cameras)
        # Locked, so that a replica that has just lost the shard cannot add a rule at the same time.
        columns = (Event.uuid, Event.rules, Event.modules_triggered, Event.occurred_at)
        rows = self._session.execute(select(*columns).where(Event.uuid.in_(by_event)).with_for_update())
        for uuid, rules, modules, occurred_at in rows:
            self.entries.fired[by_event[uuid]] = frozenset(rules)
            self._asked[by_event[uuid]] = _Asked(tuple(modules), occurred_at)

    def read_firings(self, cameras: set[str]) -> None:
        """Read when rules last fired on these cameras."""
        for slug, camera, at in self._session.execute(
            select(RuleFiring.rule_slug, RuleFiring.camera_slug, RuleFiring.fired_at).where(
                RuleFiring.camera_slug.in_({*cameras, ANYWHERE})
            )
        ):
            for each in cameras if camera == ANYWHERE else (camera,):
                last = self.entries.last_fired.setdefault(each, {})
                last[slug] = max(at, last.get(slug, at))

    def enter(self, body: PresenceBody, others: Sequence[Presence] = ()) -> None:
        """Raise, widen or close the event of the presence, as its rules say; `others` are there besides."""
        presence = body.presence()
        camera = self._cameras.get(body.camera)
        rules = self._firing(body, presence, others) if camera is not None else ()
        if rules and camera is not None:
            self._tell_of(body, presence, camera, rules)
        if camera is not None:
            self._look_again(body, presence, camera)
        if isinstance(body, PresenceEnded):
            self._close(body, presence)

    def conclude(
        self, body: PresenceBody, firing: Sequence[tuple[Rule, Match]], *, module: str, results: Mapping[str, Any]
    ) -> None:
        """Raise or widen the event of the presence, because of what a specialist found about it."""
        camera = self._cameras.get(body.camera)
        if camera is not None and firing:
            found = Found(module, results, body.captured_at, body.presence())
            self._tell_of(body, body.presence(), camera, [rule for rule, _ in firing], because=(found, firing))

    def tell_of(self, body: PresenceBody, rules: Sequence[Rule]) -> None:
        """Raise or widen the event of the presence, on whose behalf others than its own evaluation found it worth it.

        The presence must have been `read`.
        """
        camera = self._cameras.get(body.camera)
        if camera is not None:
            self._tell_of(body, body.presence(), camera, rules)

    def close(self, body: PresenceBody) -> None:
        """Close the event of a presence that is over, as it was last."""
        self._close(body, body.presence())

    def fire(self, camera: str, slugs: Iterable[str], *, at: datetime) -> None:
        """Note when rules fired on a camera: what their cooldown counts from."""
        for slug in slugs:
            for each in {*self.entries.last_fired, camera} if self._is_of_all(slug) else (camera,):
                self.entries.last_fired.setdefault(each, {})[slug] = at
            place = ANYWHERE if self._is_of_all(slug) else camera
            statement = insert(self._session, RuleFiring).values(rule_slug=slug, camera_slug=place, fired_at=at)
            self._session.execute(
                statement.on_conflict_do_update(index_elements=["rule_slug", "camera_slug"], set_={"fired_at": at})
            )

    def raise_event(self, draft: EventDraft, rules: Sequence[Rule] = (), *, evidence: Sequence[str] = ()) -> bool:
        """Store the event and its outbox row, unless it is stored already; whether it was not.

        `rules` are those that fired; what waits for the judge is told later, and it is shown the `evidence`.
        """
        values = _row(draft, now=self._now)
        added = self._session.execute(
            insert(self._session, Event).values(**values).on_conflict_do_nothing().returning(Event.id)
        ).first()
        if added is None:
            return False
        draft = self._in_incident(draft, rules)
        self.entries.stored.append(draft)
        plan = telling((), rules, standing=Standing(), court=self._court)
        if plan.now or not rules:
            self._tell(draft.raised(self._now, on_behalf=plan.now))
        self._ask(added.id, draft, plan, told=bool(plan.now), evidence=evidence)
        return True

    def camera(self, slug: str) -> CameraFacts | None:
        """The camera, when it is there and enabled."""
        if slug not in self._cameras:
            self._read_cameras({slug})
        return self._cameras.get(slug)

    def end_event(self, uuid: str, camera: str, *, at: datetime, **final: object) -> None:
        """Close the event, once."""
        closed = self._session.execute(
            update(Event)
            .where(Event.uuid == uuid, Event.ended_at.is_(None))
            .values(ended_at=at, **final)
            .returning(Event.id)
        ).first()
        if closed is not None:
            self._tell(EventEnded(event_id=uuid, camera=camera, ended_at=at))

    def _is_of_all(self, slug: str) -> bool:
        """Whether the rule's cooldown counts for all cameras together."""
        rule = self._view.rules.get(slug)
        return rule is not None and rule.cooldown_per == "rule"

    def _read_cameras(self, slugs: set[str]) -> None:
        rows = self._session.execute(select(*CAMERA_COLUMNS).where(Camera.enabled, Camera.slug.in_(slugs)))
        self._cameras |= {row.slug: facts_of(row) for row in rows}

    def _tell_of(
        self,
        body: PresenceBody,
        presence: Presence,
        camera: CameraFacts,
        rules: Sequence[Rule],
        *,
        because: _Because | None = None,
    ) -> None:
        """Have specialists look closer, and raise or widen the event."""
        before = self._asked.get(body.presence_id)
        wanted = looks.asked_of(
            (name for rule in rules for name in rule.modules), camera, body.label, known=self._known
        )
        found, firing = because or (None, ())
        seen = tuple(dict.fromkeys([*(before.modules if before else ()), *((found.module,) if found else ())]))
        modules = tuple(name for name in wanted if name not in seen)
        self._order(body, camera, modules, look=looks.FIRST)
        since = before.since if before is not None else body.captured_at
        self._asked[body.presence_id] = _Asked((*seen, *modules), since)
        is_known = body.presence_id in self.entries.fired
        if not is_known:
            is_known = not self.raise_event(
                timeline.detection(
                    presence,
                    camera,
                    rules,
                    at=body.captured_at,
                    modules=(*seen, *modules),
                    results={found.module: dict(found.results)} if found else {},
                    found=timeline.best_match(firing).label if firing else "",
                    trace_id=body.trace_id,
                ),
                rules,
                evidence=_evidence(body),
            )
            if is_known:
                # Somebody else stored it since it was read: what another rule raised must not swallow these.
                self.read([body])
                stored = self._asked[body.presence_id]
                asked = tuple(dict.fromkeys((*stored.modules, *seen, *modules)))
                self._asked[body.presence_id] = _Asked(asked, stored.since)
        new = [rule for rule in rules if rule.slug not in self.entries.fired.get(body.presence_id, ())]
        if is_known and new:
            self._widen(body, presence, camera, new)
        self._fire(body, rules)

    def _look_again(self, body: PresenceBody, presence: Presence, camera: CameraFacts) -> None:
        """The looks that no firing brings: those that rules wait for, and the last ones at the end."""
        ended = isinstance(body, PresenceEnded)
        rules = self._view.rules_of.get(body.camera, ())
        wished = looks.asked_of(looks.wished(rules, presence, body.captured_at), camera, body.label, known=self._known)
        asked = self._asked.get(body.presence_id)
        early = [name for name in wished if asked is None or name not in asked.modules]
        if ended or looks.ripe(presence):
            self._order(body, camera, early, look=looks.FIRST)
            self.entries.looked.add(body.presence_id)
        if not ended:
            return
        if asked is not None and looks.is_worth_another(presence, since=asked.since):
            self._order(body, camera, self._of_rules(body, asked), look=looks.LAST)
        if early and looks.is_worth_another(presence, since=None):
            self._order(body, camera, early, look=looks.LAST)

    def _of_rules(self, body: PresenceBody, asked: _Asked) -> list[str]:
        """Those that looked because of a rule, not because somebody asked."""
        rules = [self._view.rules.get(slug) for slug in self.entries.fired.get(body.presence_id, ())]
        wanted = {name for rule in rules if rule is not None for name in rule.looks}
        return [name for name in asked.modules if name in wanted]

    def _order(self, body: PresenceBody, camera: CameraFacts, modules: Collection[str], *, look: int) -> None:
        for order in looks.look_orders(body, camera, modules, look=look, known=self._known):
            self._session.add(
                OutboxRow(
                    topic=MODULE_ORDERS, kind=type(order).__name__, body=order.model_dump_json(), created_at=self._now
                )
            )
            self.entries.ordered += 1

    def _firing(self, body: PresenceBody, presence: Presence, others: Sequence[Presence]) -> tuple[Rule, ...]:
        if body.presence_id not in self.entries.fired and self._view.knows_false(presence):
            return ()
        return evaluate(
            self._view.rules_of.get(body.camera, ()),
            presence,
            at=body.captured_at,
            others=others,
            fired=self.entries.fired.get(body.presence_id, frozenset()),
            last_fired=self.entries.last_fired.get(body.camera, {}),
            terms=self._view.terms_on(body.camera),
        )

    def _fire(self, body: PresenceBody, rules: Sequence[Rule]) -> None:
        slugs = frozenset(rule.slug for rule in rules)
        self.entries.fired[body.presence_id] = self.entries.fired.get(body.presence_id, frozenset()) | slugs
        self.entries.firings |= {(body.presence_id, slug) for slug in slugs}
        self.fire(body.camera, slugs, at=body.captured_at)

    def _widen(self, body: PresenceBody, presence: Presence, camera: CameraFacts, rules: Sequence[Rule]) -> None:
        """Further rules fired on a presence whose event is stored: add them, and tell the channels they bring."""
        before = self.entries.fired[body.presence_id]
        known = [rule for slug in sorted(before) if (rule := self._view.rules.get(slug)) is not None]
        draft = timeline.detection(presence, camera, [*known, *rules], at=body.captured_at, trace_id=body.trace_id)
        self._session.execute(
            update(Event)
            .where(Event.uuid == draft.uuid)
            .values(
                rules=[*sorted(before), *(rule.slug for rule in rules)],
                severity=draft.severity,
                zones=list(draft.zones),
                modules_triggered=list(self._asked[body.presence_id].modules),
            )
        )
        self._tell_further(draft, known, rules, evidence=_evidence(body))

    def _in_incident(self, draft: EventDraft, rules: Sequence[Rule]) -> EventDraft:
        """The event as part of the incident that it begins or belongs to, if its rules have incidents."""
        incident = join(self._session, draft, rules)
        if incident is None:
            return draft
        self._session.execute(update(Event).where(Event.uuid == draft.uuid).values(incident_id=incident))
        return replace(draft, incident_id=incident)

    def _tell_further(
        self, draft: EventDraft, known: Sequence[Rule], new: Sequence[Rule], *, evidence: Sequence[str]
    ) -> None:
        event = self._session.execute(
            select(
                Event.id,
                Event.occurred_at,
                Event.verdict,
                Event.ai_response,
                Event.incident_id,
                VerdictRow.threat_level,
            )
            .outerjoin(VerdictRow, VerdictRow.event_id == Event.id)
            .where(Event.uuid == draft.uuid)
        ).one()
        incident = self._still_in(event.incident_id, draft, new, since=event.occurred_at)
        draft = replace(draft, incident_id=incident)
        case = self._session.get(Case, event.id, with_for_update=True)
        standing = Standing(event.verdict, held=case is not None and case.withheld is not None)
        # What was told as one of many may have been told softly: what is more than that is told as if it were new.
        # And what rules say of the same thing is to be in its alert.
        is_softly_told = event.incident_id is not None and _outweighs(new, known)
        before = () if is_softly_told or (incident is not None and _is_of_thing(new)) else known
        plan = telling(before, new, standing=standing, court=self._court)
        if plan.now:
            said = {name: getattr(event, name) for name in ("verdict", "ai_response", "threat_level")}
            self._tell(draft.raised(self._now, on_behalf=plan.now).model_copy(update=said))
        if case is None:
            told = bool(plan.now) or bool(known)
            self._ask(event.id, draft, plan, told=told, evidence=evidence)
            return
        case.severity, case.told = draft.severity, case.told or bool(plan.now)
        case.withheld = draft.raised(self._now).model_dump_json() if plan.later else None
        if plan.deadline_s is not None:
            due_at = self._now + timedelta(seconds=plan.deadline_s)
            case.due_at = min(case.due_at, due_at) if standing.held else due_at
        self.entries.asked += 1

    def _still_in(self, incident: str | None, draft: EventDraft, new: Sequence[Rule], *, since: datetime) -> str | None:
        """The incident under which people hear of an event (of `since`) on which `new` rules fired: none with one that
        has none. A rule with incidents of things begins one with an event that stood alone."""
        if incident is None and _is_of_thing(new):
            incident = self._in_incident(replace(draft, at=since), new).incident_id
        if incident is not None:
            deepen(self._session, incident, severity=draft.severity)
        if incident is not None and _is_of_thing(new):
            prolong(self._session, incident, until=draft.at)
        return incident if all(rule.incident_window_s > 0 for rule in new) else None

    def _ask(self, event_id: int, draft: EventDraft, plan: Telling, *, told: bool, evidence: Sequence[str]) -> None:
        """Open the event's case before the judge, if a rule wants it."""
        if not plan.asks:
            return
        cases.open_case(
            self._session,
            event_id,
            severity=draft.severity,
            withheld=draft.raised(self._now) if plan.later else None,
            told=told,
            evidence=evidence,
            deadline_s=plan.deadline_s or 0.0,
            now=self._now,
        )
        self.entries.asked += 1

    def _close(self, body: PresenceBody, presence: Presence) -> None:
        self.end_event(
            ids.event_id(body.presence_id),
            body.camera,
            at=presence.last_seen_at,
            confidence=presence.confidence,
            box=list(presence.box.as_xyxy()),
            frame_width=presence.frame_width,
            frame_height=presence.frame_height,
            zones=list(timeline.zones_of(presence)),
            **({"snapshot": presence.snapshot} if presence.snapshot else {}),
            **({"crop": presence.crop} if presence.crop else {}),
        )

    def _tell(self, message: EventRaised | EventEnded) -> None:
        self._session.add(outbox_row(EVENTS, message, now=self._now))
        self.entries.told += 1


def _outweighs(new: Sequence[Rule], known: Sequence[Rule]) -> bool:
    """Whether the new rules ask for an alert of their own, or are more severe than those before."""
    severest = max((rule.severity for rule in known), default=0)
    return any(rule.incident_window_s <= 0 or rule.severity > severest for rule in new)


def _is_of_thing(rules: Sequence[Rule]) -> bool:
    """Whether one of the rules has incidents of things."""
    return any(rule.incident_window_s > 0 and rule.incident_per == "track" for rule in rules)


def _evidence(body: PresenceBody) -> list[str]:
    """The best further pictures of the presence, oldest first."""
    best = sorted(body.crops, key=lambda crop: crop.quality)[-MOST_EVIDENCE:]
    crops = [crop.path for crop in sorted(best, key=lambda crop: crop.at)]
    return crops or ([body.crop] if body.crop else [])


def _row(draft: EventDraft, *, now: datetime) -> dict[str, object]:
    values: dict[str, object] = {
        "uuid": draft.uuid,
        "account_id": draft.camera.account_id,
        "camera_slug": draft.camera.slug,
        "kind": draft.kind,
        "label": draft.label,
        "confidence": draft.confidence,
        "severity": draft.severity,
        "rules": list(draft.rules),
        "zones": list(draft.zones),
        "started_at": draft.started_at,
        "occurred_at": draft.at,
        "stored_at": now,
        "modules_triggered": list(draft.modules),
        "module_results": dict(draft.results),
        "trace_id": draft.trace_id[:64],
    }
    presence = draft.presence
    if presence is not None:
        values |= {
            "presence_id": presence.id,
            "track_id": presence.track_id,
            "box": list(presence.box.as_xyxy()),
            "frame_width": presence.frame_width,
            "frame_height": presence.frame_height,
            "snapshot": presence.snapshot,
            "crop": presence.crop,
        }
    if draft.scene is not None:
        values |= {
            "box": list(draft.scene.box) if draft.scene.box else None,
            "frame_width": draft.scene.width,
            "frame_height": draft.scene.height,
            "snapshot": draft.scene.snapshot,
        }
    return values
