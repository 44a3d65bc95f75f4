"""Which cameras' presences somebody looks at more closely, because some rule wants it."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.db.cameras import Camera
from shared.db.events import RuleRow
from shared.domain.camera_modules import module_enabled
from shared.domain.errors import UserError
from shared.rules.condition import parse_condition


def cameras_looked_at(session: Session, *, judging: bool = False) -> frozenset[str]:
    """The enabled cameras with a rule that has at least one specialist look, which the camera does not leave out.

    With `judging` there is a judge, and those whose rules ask it count too.
    """
    rows = session.scalars(select(RuleRow).where(RuleRow.enabled)).all()
    wanted = [(row, looks) for row in rows if (looks := _looks(row)) or (judging and row.judge)]
    if not wanted:
        return frozenset()
    cameras = session.execute(select(Camera.slug, Camera.account_id, Camera.options).where(Camera.enabled)).all()
    return frozenset(
        slug
        for slug, account, options in cameras
        for row, looks in wanted
        if row.camera_slug in (None, slug)
        and row.account_id in (None, account)
        and ((judging and row.judge) or any(module_enabled(options, module) for module in looks))
    )


def _looks(row: RuleRow) -> set[str]:
    try:
        return {*row.modules, *parse_condition(row.condition).modules()}
    except UserError:
        return set(row.modules)
