"""Notes what rules made of presences, for whoever asks why they were told, or why not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.brain.ledger import Entries
from services.brain.site import SiteView
from shared.db.insert import insert
from shared.db.tables import DecisionRow
from shared.domain.presence import Presence
from shared.messages.presences import PresenceBody, PresenceEnded
from shared.rules.decision import NONE_SILENCED, Decision, decide

NOTED_EVERY: Final = timedelta(seconds=60)
"""How often a presence that goes on is noted. One that nothing is told of is noted first when it has lasted so long."""


def note(
    session: Session,
    view: SiteView,
    entries: Entries,
    body: PresenceBody,
    *,
    others: Sequence[Presence] = (),
    account_id: int | None,
    now: datetime,
    silenced: Mapping[str, datetime] = NONE_SILENCED,
) -> None:
    """Write down how the presence is known and what its camera's rules made of it. May be repeated.

    `silenced` as in `decide`; it is remembered from one note to the next. What is older than what was noted before adds
    no more than which rules have fired or were silenced.
    """
    row = session.scalar(select(DecisionRow).where(DecisionRow.presence_id == body.presence_id).with_for_update())
    before = {} if row is None else {each.rule: each for each in map(Decision.of, row.decisions)}
    fired = _fired(entries, body, before)
    silenced = {**_silenced_before(before, view), **silenced}
    if row is not None and _is_older(body, row):
        row.decisions = [_amended(each, fired, silenced).document() for each in before.values()]
        row.is_told = row.is_told or bool(fired)
        return
    presence = body.presence()
    decisions = decide(
        view.rules_of.get(body.camera, ()),
        presence,
        at=body.captured_at,
        others=others,
        fired=fired,
        last_fired=entries.last_fired.get(body.camera, {}),
        known_false=view.knows_false(presence),
        resting=view.resting_of.get(body.camera, ()),
        terms=view.terms_on(body.camera),
        silenced=silenced,
    )
    values = {
        "presence_id": body.presence_id,
        "account_id": account_id,
        "camera_slug": body.camera,
        "label": body.label,
        "started_at": body.started_at,
        "ended_at": body.last_seen_at if isinstance(body, PresenceEnded) else None,
        "noted_at": now,
        "is_told": bool(fired),
        "state": body.model_dump(mode="json"),
        "decisions": [each.document() for each in decisions],
    }
    statement = insert(session, DecisionRow).values(**values)
    session.execute(statement.on_conflict_do_update(index_elements=["presence_id"], set_=values))


def _fired(entries: Entries, body: PresenceBody, before: Mapping[str, Decision]) -> dict[str, datetime | None]:
    """When each rule fired on the presence; those of this transaction fired just now."""
    found: dict[str, datetime | None] = {}
    for slug in entries.fired.get(body.presence_id, ()):
        known = before.get(slug)
        if known is not None and known.outcome == "fired":
            found[slug] = known.at
        else:
            found[slug] = body.captured_at if (body.presence_id, slug) in entries.firings else None
    return found


def _silenced_before(before: Mapping[str, Decision], view: SiteView) -> dict[str, datetime]:
    """The rules that were noted as cooling down, and of which the presence itself cannot say so again."""
    return {
        slug: decision.at
        for slug, decision in before.items()
        if decision.outcome == "cooling" and decision.at is not None
        if (rule := view.rules.get(slug)) is not None
        and (rule.condition.about_several or rule.condition.asks_findings())
    }


def _is_older(body: PresenceBody, row: DecisionRow) -> bool:
    known = PresenceBody.model_validate(row.state)
    if row.ended_at is not None and not isinstance(body, PresenceEnded):
        return True
    return body.last_seen_at < known.last_seen_at


def _amended(decision: Decision, fired: Mapping[str, datetime | None], silenced: Mapping[str, datetime]) -> Decision:
    if decision.outcome == "fired":
        return decision
    if decision.rule in fired:
        return Decision(decision.rule, decision.name, "fired", fired[decision.rule])
    if decision.rule in silenced:
        return Decision(decision.rule, decision.name, "cooling", silenced[decision.rule])
    return decision
