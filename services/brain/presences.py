"""Presence messages → events: the brain's main loop, between the stream and the ledger."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from services.brain import metrics
from services.brain.decisions import NOTED_EVERY, note
from services.brain.last_seen import LastSeen
from services.brain.ledger import Entries, Ledger
from services.brain.looks import Known, ripe, wished
from services.brain.memory import Memory
from services.brain.sequences import Sequences
from services.brain.site import Site, SiteView
from services.brain.telling import Court
from shared.db.engine import SessionFactory
from shared.domain.presence import Presence
from shared.messages.presences import PresenceBody, PresenceEnded
from shared.observability import get_logger
from shared.rules.rule import evaluate
from shared.streams import Received

log = get_logger("brain.presences")

_Told = tuple[PresenceBody, tuple[Presence, ...]]


class PresenceHandler:
    """Handles a batch of presence messages in one transaction; most messages need none. Not thread-safe."""

    def __init__(
        self,
        sessions: SessionFactory,
        site: Site,
        *,
        now: Callable[[], datetime],
        committed: Callable[[], None],
        memory: Memory | None = None,
        last_seen: LastSeen | None = None,
        known: Callable[[], Known] = dict,
        ordered: Callable[[], None] = lambda: None,
        court: Court = Court(),  # noqa: B008 – a value
    ) -> None:
        self._sessions = sessions
        self._site = site
        self._now = now
        self._committed = committed
        self._memory = memory or Memory()
        self._last_seen = last_seen or LastSeen()
        self._known = known
        self._ordered = ordered
        self._court = court
        self._sequences = Sequences(sessions, now=now, known=known, court=court)

    def __call__(self, batch: list[Received]) -> None:
        """Commit what follows from the messages. A second time with the same messages changes nothing."""
        started = time.monotonic()
        bodies = [item.message for item in batch if isinstance(item.message, PresenceBody)]
        view = self._site.view_with({body.camera for body in bodies})
        for body in bodies:
            self._last_seen.note(body, view)
        # Each message with who else was there when it was told.
        told = [(body, self._memory.see(body)) for body in bodies]
        # First, so that the ends that stand in this batch find the events.
        self._follow_up(self._sequences.step(told, view), [], started)
        waiting = _relevant(told, view, self._memory)
        if not waiting:
            return
        with self._sessions.begin() as session:
            ledger = Ledger(session, view, now=self._now(), known=self._known(), court=self._court)
            ledger.read(body for body, _ in waiting)
            for body, others in waiting:
                ledger.enter(body, others)
            noted = self._note(session, ledger, view, waiting)
        for body in noted:
            self._memory.remember_noted(body)
        self._follow_up(ledger.entries, [body for body, _ in waiting], started)

    def _follow_up(self, entries: Entries, bodies: list[PresenceBody], started: float) -> None:
        """What is done once it is committed."""
        self._remember(entries, bodies)
        if entries.told or entries.asked:
            self._committed()
        if entries.ordered:
            self._ordered()
        self._measure(entries, started)

    def _note(self, session: Session, ledger: Ledger, view: SiteView, waiting: list[_Told]) -> list[PresenceBody]:
        """Write down what the rules made of those that ended, fired a rule, or are due; the last message of each."""
        told = {presence_id for presence_id, _ in ledger.entries.firings}
        due = {
            body.presence_id: (body, others)
            for body, others in waiting
            if body.presence_id in told or isinstance(body, PresenceEnded) or _is_due(body, self._memory)
        }
        for body, others in due.values():
            camera = ledger.camera(body.camera)
            if camera is not None:
                note(session, view, ledger.entries, body, others=others, account_id=camera.account_id, now=self._now())
        return [body for body, _ in due.values()]

    def _remember(self, entries: Entries, bodies: list[PresenceBody]) -> None:
        for presence_id, rules in entries.fired.items():
            self._memory.remember(presence_id, rules)
        for presence_id in entries.looked:
            self._memory.remember_looked(presence_id)
        for camera, last in entries.last_fired.items():
            self._memory.remember_firings(camera, last)
        for body in bodies:
            if isinstance(body, PresenceEnded):
                self._memory.forget(body.presence_id)

    def _measure(self, entries: Entries, started: float) -> None:
        now = self._now()
        for draft in entries.stored:
            metrics.EVENTS.labels(draft.kind).inc()
            metrics.PRESENCE_TO_EVENT.observe(time.monotonic() - started)
            metrics.CAPTURED_TO_STORED.observe(max(0.0, (now - draft.at).total_seconds()))
            log.info("event_stored", event_id=draft.uuid, camera=draft.camera.slug, label=draft.label,
                     rules=draft.rules, trace_id=draft.trace_id)  # fmt: skip


def _relevant(told: list[_Told], view: SiteView, memory: Memory) -> list[_Told]:
    """The messages that may change what is stored, with everything else said of the same presences."""
    candidates = {
        body.presence_id
        for body, others in told
        if isinstance(body, PresenceEnded)
        or _may_fire(body, others, view, memory)
        or _may_look(body, view, memory)
        or _is_due(body, memory)
    }
    return [(body, others) for body, others in told if body.presence_id in candidates]


def _is_due(body: PresenceBody, memory: Memory) -> bool:
    return body.captured_at - memory.noted_at(body) >= NOTED_EVERY


def _may_fire(body: PresenceBody, others: Sequence[Presence], view: SiteView, memory: Memory) -> bool:
    rules, presence = view.rules_of.get(body.camera, ()), body.presence()
    fired, last = memory.fired(body.presence_id), memory.last_fired(body.camera)
    firing = bool(rules) and evaluate(
        rules,
        presence,
        at=body.captured_at,
        others=others,
        fired=fired,
        last_fired=last,
        terms=view.terms_on(body.camera),
    )
    if firing and not fired and view.knows_false(presence):
        metrics.KNOWN_FALSE.inc()
        return False
    return bool(firing)


def _may_look(body: PresenceBody, view: SiteView, memory: Memory) -> bool:
    rules = view.rules_of.get(body.camera, ())
    if memory.looked_at(body.presence_id) or not any(rule.condition.modules() for rule in rules):
        return False
    presence = body.presence()
    return ripe(presence) and bool(wished(rules, presence, body.captured_at))
