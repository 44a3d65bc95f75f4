"""Rules as people read them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from shared.db.events import RuleRow
from shared.rules.registry import count_rules, list_rules, rule_named


def rules_page(
    session: Session, *, account_id: int | None, camera: str | None, enabled: bool | None, limit: int, offset: int
) -> tuple[Sequence[RuleRow], int]:
    """A page of the rules that the account may see, newest first, and the number of all that fit."""
    rows = list_rules(session, account_id=account_id, camera=camera, enabled=enabled, limit=limit, offset=offset)
    return rows, count_rules(session, account_id=account_id, camera=camera, enabled=enabled)


def one_rule(session: Session, slug: str, *, account_id: int | None) -> RuleRow:
    """The rule, when the account may see it. Raises `NotFound`."""
    return rule_named(session, slug, account_id=account_id)


def rules_count(session: Session, account_id: int | None) -> int:
    """How many rules the account may see; None counts all."""
    return count_rules(session, account_id=account_id)
