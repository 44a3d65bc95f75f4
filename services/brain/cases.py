"""Cases before the judge: opened with an event, taken up by workers, settled once.

Every function works in the caller's transaction and may be repeated. Whoever changes a case locks its event first, as
the ledger does, so that none waits for another in a circle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from services.brain.judge import Opinion
from shared.db.outbox import outbox_row
from shared.db.tables import Case, Event, VerdictRow
from shared.messages.events import EventJudged, EventRaised, Verdict
from shared.messages.topics import EVENTS


@dataclass(frozen=True, slots=True)
class Taken:
    """A case in hand: `attempt` is the number under which it may be settled or put off."""

    event_id: int
    attempt: int
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """What came of asking. Without an `opinion` the verdict is `unverified`, and `outcome` says why."""

    outcome: str
    opinion: Opinion | None = None
    model: str | None = None
    prompt_version: str | None = None
    latency_ms: int | None = None
    evidence: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        return self.opinion.verdict if self.opinion else "unverified"


@dataclass(frozen=True, slots=True)
class Settled:
    """A case that is closed: whether the verdict came `in_time`, and whether anybody is to be `told` of it now."""

    event_uuid: str
    result: Result
    in_time: bool
    told: bool


def open_case(
    session: Session,
    event_id: int,
    *,
    severity: int,
    withheld: EventRaised | None,
    told: bool,
    evidence: Sequence[str],
    deadline_s: float,
    now: datetime,
) -> None:
    """Ask the judge about an event that is stored in this transaction or locked by it."""
    session.add(
        Case(
            event_id=event_id,
            severity=severity,
            opened_at=now,
            due_at=now + timedelta(seconds=deadline_s),
            withheld=withheld.model_dump_json() if withheld else None,
            told=told,
            evidence=list(evidence),
            attempts=0,
            not_before=now,
        )
    )
    session.flush()


def take(session: Session, *, now: datetime, lease_s: float) -> Taken | None:
    """The most severe case that is free, the oldest of those, in hand for `lease_s`; None when there is none."""
    found = select(Case).where(Case.not_before <= now, _is_free(now))
    order = found.order_by(Case.severity.desc(), Case.opened_at, Case.event_id).limit(1)
    case = session.scalar(order.with_for_update(skip_locked=True))
    if case is None:
        return None
    case.attempts += 1
    case.lease_until = now + timedelta(seconds=lease_s)
    return Taken(case.event_id, case.attempts, tuple(case.evidence))


def put_off(session: Session, taken: Taken, *, until: datetime, trouble: str | None) -> None:
    """Give a case in hand back, to be taken up again from `until` on; `trouble` is why, where that is to be known."""
    case = _locked(session, taken.event_id)[1]
    if case is None or case.attempts != taken.attempt:
        return
    case.lease_until, case.not_before = None, until
    case.trouble = trouble or case.trouble


def release(session: Session, event_id: int, *, now: datetime) -> bool:
    """Have people told without a verdict what is withheld; whether anything was."""
    event, case = _locked(session, event_id)
    if event is None or case is None or case.withheld is None:
        return False
    raised = EventRaised.model_validate_json(case.withheld).model_copy(update={"verdict": "unverified"})
    session.add(outbox_row(EVENTS, raised, now=now))
    event.verdict = "unverified"
    case.withheld, case.told = None, True
    return True


def settle(
    session: Session, event_id: int, result: Result, *, now: datetime, attempt: int | None = None, tell_rejected: bool
) -> Settled | None:
    """Close the case: store the verdict and tell of it. None when it is closed already, or when there is no opinion and
    the case is in the hands of a later attempt.

    What is withheld leaves with the verdict, unless that is a rejection; people who were told before hear of it too.
    """
    event, case = _locked(session, event_id)
    if event is None or case is None or (result.opinion is None and attempt not in (None, case.attempts)):
        return None
    in_time = case.withheld is not None
    opinion, messages = result.opinion, list[EventJudged | EventRaised]()
    if case.told and opinion is not None:
        messages.append(_judged(event, opinion, now=now))
    if case.withheld is not None and (result.verdict != "rejected" or tell_rejected):
        messages.append(_with_verdict(case.withheld, result))
    session.add_all(outbox_row(EVENTS, message, now=now) for message in messages)
    event.verdict = result.verdict
    event.ai_response = opinion.reason if opinion else None
    session.add(_row(event_id, result, in_time=in_time and opinion is not None, now=now))
    session.delete(case)
    return Settled(event.uuid, result, in_time, bool(messages))


def due(session: Session, *, now: datetime) -> Sequence[int]:
    """The cases whose deadline has passed and whose people were not told."""
    query = select(Case.event_id).where(Case.withheld.is_not(None), Case.due_at <= now)
    return session.scalars(query.order_by(Case.due_at)).all()


def next_due(session: Session) -> datetime | None:
    """When the next deadline passes of what is withheld."""
    return session.scalar(select(func.min(Case.due_at)).where(Case.withheld.is_not(None)))


def count(session: Session) -> int:
    """How many cases are open."""
    return session.scalar(select(func.count()).select_from(Case)) or 0


def count_free(session: Session, *, now: datetime) -> int:
    """How many could be taken up now."""
    query = select(func.count()).select_from(Case).where(Case.not_before <= now, _is_free(now))
    return session.scalar(query) or 0


def surplus(session: Session, *, bound: int, now: datetime) -> Sequence[int]:
    """The oldest of the least severe cases that nobody has in hand, as many as there are beyond `bound`."""
    beyond = count(session) - bound
    if beyond <= 0:
        return ()
    query = select(Case.event_id).where(_is_free(now))
    return session.scalars(query.order_by(Case.severity, Case.opened_at, Case.event_id).limit(beyond)).all()


def outdated(session: Session, *, opened_before: datetime, now: datetime) -> Sequence[tuple[int, str | None]]:
    """The cases that are older and in nobody's hand, with what went wrong last."""
    query = select(Case.event_id, Case.trouble).where(Case.opened_at < opened_before, _is_free(now))
    return [(event_id, trouble) for event_id, trouble in session.execute(query)]


def _is_free(now: datetime) -> ColumnElement[bool]:
    return or_(Case.lease_until.is_(None), Case.lease_until <= now)


def _locked(session: Session, event_id: int) -> tuple[Event | None, Case | None]:
    return (
        session.get(Event, event_id, with_for_update=True),
        session.get(Case, event_id, with_for_update=True),
    )


def _with_verdict(withheld: str, result: Result) -> EventRaised:
    opinion = result.opinion
    said = {
        "verdict": result.verdict,
        "ai_response": opinion.reason if opinion else None,
        "threat_level": opinion.threat_level if opinion else None,
    }
    return EventRaised.model_validate_json(withheld).model_copy(update=said)


def _judged(event: Event, opinion: Opinion, *, now: datetime) -> EventJudged:
    return EventJudged(
        trace_id=event.trace_id,
        event_id=event.uuid,
        camera=event.camera_slug,
        verdict=opinion.verdict,
        ai_response=opinion.reason,
        threat_level=opinion.threat_level,
        at=now,
    )


def _row(event_id: int, result: Result, *, in_time: bool, now: datetime) -> VerdictRow:
    opinion = result.opinion
    return VerdictRow(
        event_id=event_id,
        verdict=result.verdict,
        reason=opinion.reason if opinion else None,
        threat_level=opinion.threat_level if opinion else None,
        description=opinion.description if opinion else None,
        outcome=result.outcome,
        in_time=in_time,
        model=result.model,
        prompt_version=result.prompt_version,
        latency_ms=result.latency_ms,
        evidence=list(result.evidence),
        at=now,
    )
