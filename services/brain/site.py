"""The enabled cameras and their rules, kept in memory."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, select

from services.brain.marks import REMEMBERED, Mark, is_known_false, read_marks
from services.brain.timeline import CameraFacts
from shared.accounts.arming import arm_states
from shared.db.engine import SessionFactory
from shared.db.tables import Camera, RuleRow
from shared.domain.camera_options import recognises
from shared.domain.errors import UserError
from shared.domain.presence import Presence
from shared.observability import get_logger
from shared.rules.registry import rule_of
from shared.rules.rule import Rule, resting_by_camera, rules_by_camera
from shared.rules.stored_terms import read_terms
from shared.rules.zone_terms import ZoneTerms

log = get_logger("brain.site")

_RETRY_UNKNOWN_S = 1.0


@dataclass(frozen=True, slots=True)
class SiteView:
    """One consistent reading: enabled cameras by slug, the rules that are awake on each and those that are not as its
    account is armed, all rules by slug, what was marked, and what zones ask by camera and name, where they do.

    There are no rules of a camera whose pictures nobody is to look at.
    """

    cameras: Mapping[str, CameraFacts] = field(default_factory=dict)
    rules_of: Mapping[str, tuple[Rule, ...]] = field(default_factory=dict)
    resting_of: Mapping[str, tuple[Rule, ...]] = field(default_factory=dict)
    rules: Mapping[str, Rule] = field(default_factory=dict)
    marks: Mapping[str, tuple[Mark, ...]] = field(default_factory=dict)
    terms: Mapping[str, Mapping[str, ZoneTerms]] = field(default_factory=dict)

    def knows_false(self, presence: Presence) -> bool:
        """Whether people have marked often enough what the presence looks like now, so that no rule is to fire."""
        camera, marks = self.cameras.get(presence.camera), self.marks.get(presence.camera)
        return camera is not None and bool(marks) and is_known_false(presence, marks or (), camera.account_id)

    def terms_on(self, camera: str) -> Mapping[str, ZoneTerms]:
        """What the camera's zones ask of what stands in them."""
        return self.terms.get(camera, {})


class Site:
    """Reads cameras and rules again when told to. Thread-safe: `view` is replaced whole."""

    def __init__(
        self,
        sessions: SessionFactory,
        *,
        heed_marks: bool = True,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sessions = sessions
        self._heed_marks = heed_marks
        self._now = now
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._read_at = -_RETRY_UNKNOWN_S
        self.view = SiteView()

    def refresh(self) -> None:
        """Read everything again. Blocks; raises `sqlalchemy.exc.OperationalError` when the database is away."""
        with self._lock:
            started = self._monotonic()
            with self._sessions() as session:
                cameras = {
                    row.slug: facts_of(row) for row in session.execute(select(*CAMERA_COLUMNS).where(Camera.enabled))
                }
                rows = session.scalars(select(RuleRow).where(RuleRow.enabled).order_by(RuleRow.id)).all()
                states = arm_states(session)
                marks = read_marks(session, since=self._now() - REMEMBERED) if self._heed_marks else {}
                terms = read_terms(session)
            rules = [rule for row in rows if (rule := _rule(row)) is not None]
            accounts = {slug: facts.account_id for slug, facts in cameras.items() if recognises(facts.options)}
            self.view = SiteView(
                cameras=cameras,
                rules_of=rules_by_camera(rules, accounts, states=states),
                resting_of=resting_by_camera(rules, accounts, states=states),
                rules={rule.slug: rule for rule in rules},
                marks=marks,
                terms=terms,
            )
            self._read_at = started

    def view_with(self, cameras: set[str]) -> SiteView:
        """The view; read again first, at most once a second, when a camera is not in it: it may be brand-new."""
        if not cameras <= self.view.cameras.keys() and self._monotonic() - self._read_at >= _RETRY_UNKNOWN_S:
            self.refresh()
        return self.view


CAMERA_COLUMNS = (Camera.slug, Camera.name, Camera.account_id, Camera.options)


def facts_of(row: Row[tuple[str, str, int, dict[str, Any]]]) -> CameraFacts:
    """What a row of `CAMERA_COLUMNS` says."""
    return CameraFacts(row.slug, row.name, row.account_id, row.options or {})


def _rule(row: RuleRow) -> Rule | None:
    try:
        return rule_of(row)
    except UserError as error:
        # One rule that cannot be read must not silence the others.
        log.error("rule_unreadable", rule=row.slug, reason=str(error))
        return None
