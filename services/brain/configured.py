"""Rules that stand in argus.yaml, brought into the database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from shared.db.tables import RuleRow
from shared.observability import get_logger
from shared.rules.document import RuleDocument
from shared.rules.registry import FROM_FILE, add_rule, change_rule

log = get_logger("brain.configured")


def sync_rules(session: Session, wanted: Sequence[RuleDocument], *, now: datetime) -> None:
    """Add, change and remove rows so that they say what the file says. Known by their ids.

    A rule of that id that was made otherwise becomes the file's. Cameras, zones and recipients may be added later.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE rules IN SHARE ROW EXCLUSIVE MODE"))  # replicas start at the same time
    ids = [rule.id for rule in wanted]
    for row in session.scalars(select(RuleRow).where(RuleRow.origin == FROM_FILE, RuleRow.slug.not_in(ids))).all():
        session.delete(row)
        log.info("rule_no_longer_configured", rule=row.slug)
    rows = {row.slug: row for row in session.scalars(select(RuleRow).where(RuleRow.slug.in_(ids)))}
    for rule in wanted:
        existing = rows.get(rule.id)
        if existing is None:
            row = add_rule(session, rule.change(), account_id=None, slug=rule.id, now=now, places=False)
            row.origin = FROM_FILE
        else:
            existing.account_id, existing.origin = None, FROM_FILE
            change_rule(session, existing, rule.change(), now=now, places=False)
    session.flush()
    if wanted:
        log.info("rules_configured", count=len(wanted))
