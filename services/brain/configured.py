"""Rules that stand in argus.yaml, brought into the database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pydantic import ValidationError
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from shared.accounts.audit import Actor, record
from shared.db.tables import RuleRow
from shared.domain.errors import InvalidInput
from shared.observability import get_logger
from shared.rules.document import RuleDocument, document_of, read_rules
from shared.rules.registry import FROM_FILE, add_rule, change_rule

log = get_logger("brain.configured")

_ACTOR = Actor("argus.yaml")


def sync_rules(session: Session, wanted: Sequence[RuleDocument], *, now: datetime) -> None:
    """Add, change and remove rows so that they say what the file says. Known by their ids.

    A rule of that id that was made otherwise becomes the file's. Cameras, zones and recipients may be added later.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE rules IN SHARE ROW EXCLUSIVE MODE"))  # replicas start at the same time
    ids = [rule.id for rule in wanted]
    for row in session.scalars(select(RuleRow).where(RuleRow.origin == FROM_FILE, RuleRow.slug.not_in(ids))).all():
        session.delete(row)
        _audit(session, "remove", row.slug, now)
        log.info("rule_no_longer_configured", rule=row.slug)
    rows = {row.slug: row for row in session.scalars(select(RuleRow).where(RuleRow.slug.in_(ids)))}
    for rule in wanted:
        existing = rows.get(rule.id)
        if existing is None:
            row = add_rule(session, rule.change(), account_id=None, slug=rule.id, now=now, places=False)
            row.origin = FROM_FILE
            _audit(session, "add", rule.id, now)
        elif _changed(session, existing, rule, now=now):
            _audit(session, "change", rule.id, now)
    session.flush()
    if wanted:
        log.info("rules_configured", count=len(wanted))
        _warn_of_dead_ends(wanted)


def _warn_of_dead_ends(wanted: Sequence[RuleDocument]) -> None:
    """Of rules that can be read and never fire: no reason to start without all the others."""
    try:
        read_rules([rule.written() for rule in wanted])
    except InvalidInput as error:
        for problem in error.problems:
            log.warning("rule_never_fires", field=problem.field, reason=problem.reason, remedy=problem.remedy)


def _changed(session: Session, row: RuleRow, rule: RuleDocument, *, now: datetime) -> bool:
    """Make the row say what the file says; whether it said anything else, or was not the file's."""
    before, updated_at = (row.origin, row.account_id, _said(row)), row.updated_at
    row.account_id, row.origin = None, FROM_FILE
    change_rule(session, row, rule.change(), now=now, places=False)
    if before == (FROM_FILE, None, _said(row)):
        row.updated_at = updated_at
        return False
    return True


def _said(row: RuleRow) -> RuleDocument | None:
    """The rule as it is stored; None where this version cannot read it."""
    try:
        return document_of(row)
    except ValidationError:
        return None


def _audit(session: Session, what: str, slug: str, now: datetime) -> None:
    record(session, _ACTOR, action=f"rule.{what}", target=slug, now=now)
