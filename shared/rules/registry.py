"""Adding, changing and finding stored rules. Every function works in the caller's transaction and never commits.

Once the transaction is committed, publish `SyncRules`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from shared.db.cameras import Camera
from shared.db.events import RuleFiring, RuleRow
from shared.db.recipients import RecipientRow
from shared.domain.arming import ARM_STATES
from shared.domain.channel import CHANNELS
from shared.domain.errors import Conflict, InvalidInput, NotFound, UserError
from shared.domain.ids import is_slug
from shared.domain.module import MODULES
from shared.rules.condition import Condition, parse_condition
from shared.rules.legible import LegibleStep, is_in_steps, legible_steps, legible_zones, stray_camera, unplaced_steps
from shared.rules.rule import COOLDOWNS, INCIDENTS, Rule
from shared.rules.steps import InSteps
from shared.settings.section import nearest

MAX_COOLDOWN_S: Final = 7 * 86_400.0
MAX_SEVERITY: Final = 5
MAX_INCIDENT_WINDOW_S: Final = 3600.0
MAX_RECIPIENTS: Final = 100
FROM_FILE: Final = "file"
"""The origin of a rule that stands in argus.yaml."""
MAX_JUDGE_DEADLINE_S: Final = 60.0
USUAL_JUDGE_DEADLINE_S: Final = 4.0

_PLAIN: Final = (
    "name", "enabled", "cooldown_s", "cooldown_per", "severity", "judge", "judge_deadline_s", "incident_window_s",
    "incident_per",
)  # fmt: skip
_LIST_CAMERAS: Final = "list the cameras to see their ids"
_GENERATED = re.compile(r"rule_(\d{3,9})")


@dataclass(frozen=True, slots=True)
class RuleChange:
    """What to store; None keeps what is stored. An empty `camera` means every camera.

    `condition` is the JSON that `parse_condition` reads, and replaces the stored one as a whole.
    """

    name: str | None = None
    enabled: bool | None = None
    camera: str | None = None
    condition: Mapping[str, Any] | None = None
    cooldown_s: float | None = None
    cooldown_per: str | None = None
    severity: int | None = None
    modules: tuple[str, ...] | None = None
    judge: bool | None = None
    judge_deadline_s: float | None = None
    incident_window_s: float | None = None
    incident_per: str | None = None
    channels: tuple[str, ...] | None = None
    recipients: tuple[int, ...] | None = None
    armed: tuple[str, ...] | None = None

    @property
    def fields(self) -> list[str]:
        """The names of what is to change, for the audit trail."""
        return [name for name in self.__slots__ if getattr(self, name) is not None]


def add_rule(
    session: Session,
    new: RuleChange,
    *,
    account_id: int | None,
    now: datetime,
    slug: str | None = None,
    places: bool = True,
) -> RuleRow:
    """Store a rule; without an account it is everybody's, without a `slug` it gets the next free `rule_NNN`.

    Without `places`, cameras, zones and recipients need not be there yet, and the condition may be one that can never
    hold. Raises `InvalidInput` that names every wrong field, `Conflict` when the slug is taken.
    """
    row = _empty_row(account_id=account_id, now=now, slug=slug or "")
    _apply(session, row, new, places=places)
    if slug is not None and session.scalar(select(exists().where(RuleRow.slug == slug))):
        raise Conflict("id", f"{slug} exists already", remedy="choose another, or update it")
    row.slug = slug or _next_slug(session)
    session.add(row)
    try:
        session.flush()
    except IntegrityError:
        raise Conflict("id", f"{row.slug} was added by somebody else just now", remedy="try again") from None
    return row


def change_rule(session: Session, row: RuleRow, change: RuleChange, *, now: datetime, places: bool = True) -> None:
    """Change what `change` names. Raises `InvalidInput` before anything is touched.

    A camera and zones that are gone matter only when the change names the camera or the condition.
    """
    _apply(session, row, change, places=places)
    row.updated_at = now
    session.flush()


def _empty_row(*, account_id: int | None, now: datetime, slug: str = "") -> RuleRow:
    return RuleRow(
        slug=slug,
        account_id=account_id,
        camera_slug=None,
        name="",
        enabled=True,
        condition={},
        cooldown_s=0.0,
        cooldown_per=COOLDOWNS[0],
        severity=1,
        modules=[],
        judge=False,
        judge_deadline_s=USUAL_JUDGE_DEADLINE_S,
        incident_window_s=0.0,
        incident_per=INCIDENTS[0],
        channels=[],
        recipients=[],
        armed=[],
        origin="api",
        created_at=now,
        updated_at=now,
    )


def draft_rule(session: Session, new: RuleChange, *, account_id: int | None, now: datetime) -> Rule:
    """The rule that `add_rule` would store; nothing is. Raises `InvalidInput` that names every wrong field."""
    row = _empty_row(account_id=account_id, now=now)
    _apply(session, row, new)
    return rule_of(row)


def problems_of(
    session: Session, change: RuleChange, *, row: RuleRow | None, account_id: int | None, now: datetime
) -> Sequence[UserError]:
    """Everything that is wrong with a change of the row, or with a rule to add (None); nothing is stored."""
    row = row or _empty_row(account_id=account_id, now=now)
    return _checked(session, row, change, places=True)[1]


def rule_of(row: RuleRow) -> Rule:
    """The rule that is stored. Raises `InvalidInput` for a condition that this version cannot read."""
    return Rule(
        slug=row.slug,
        name=row.name,
        condition=parse_condition(row.condition, path=f"rules.{row.slug}.condition"),
        account_id=row.account_id,
        camera=row.camera_slug,
        cooldown_s=row.cooldown_s,
        cooldown_per=next((each for each in COOLDOWNS if each == row.cooldown_per), COOLDOWNS[0]),
        severity=row.severity,
        modules=tuple(row.modules),
        judge=row.judge,
        judge_deadline_s=row.judge_deadline_s,
        incident_window_s=row.incident_window_s,
        incident_per=next((each for each in INCIDENTS if each == row.incident_per), INCIDENTS[0]),
        channels=tuple(row.channels),
        recipients=tuple(row.recipients),
        armed=tuple(row.armed),
    )


def rule_named(session: Session, slug: str, *, account_id: int | None = None) -> RuleRow:
    """The rule; with `account_id`, only one that the account may see. Raises `NotFound`."""
    row = session.scalar(select(RuleRow).where(RuleRow.slug == slug, *visible_to(account_id)))
    if row is None:
        raise NotFound("rule", f"there is no rule {slug!r}" if is_slug(slug) else "there is no such rule")
    return row


def visible_to(account_id: int | None) -> list[ColumnElement[bool]]:
    """What a rule must fulfil to be seen by the account: its own, and everybody's that concerns its cameras.

    None sees all.
    """
    if account_id is None:
        return []
    cameras = select(Camera.slug).where(Camera.account_id == account_id)
    concerned = or_(RuleRow.camera_slug.is_(None), RuleRow.camera_slug.in_(cameras))
    return [or_(RuleRow.account_id == account_id, and_(RuleRow.account_id.is_(None), concerned))]


def list_rules(
    session: Session,
    *,
    account_id: int | None = None,
    camera: str | None = None,
    enabled: bool | None = None,
    limit: int = 500,
    offset: int = 0,
) -> Sequence[RuleRow]:
    """Rules that the account may see, newest first. With `camera`, those that name it."""
    query = select(RuleRow).where(*_conditions(account_id, camera, enabled=enabled))
    return session.scalars(query.order_by(RuleRow.id.desc()).limit(limit).offset(offset)).all()


def count_rules(
    session: Session, *, account_id: int | None = None, camera: str | None = None, enabled: bool | None = None
) -> int:
    """How many rules `list_rules` would give without a limit."""
    query = select(func.count()).select_from(RuleRow).where(*_conditions(account_id, camera, enabled=enabled))
    return int(session.scalar(query) or 0)


def _conditions(account_id: int | None, camera: str | None, *, enabled: bool | None) -> list[ColumnElement[bool]]:
    found = visible_to(account_id)
    if camera is not None:
        found.append(RuleRow.camera_slug == camera)
    if enabled is not None:
        found.append(RuleRow.enabled.is_(enabled))
    return found


def _apply(session: Session, row: RuleRow, change: RuleChange, *, places: bool = True) -> None:
    condition, problems = _checked(session, row, change, places=places)
    if problems:
        raise InvalidInput(problems)
    for name in _PLAIN:
        value = getattr(change, name)
        if value is not None:
            setattr(row, name, value)
    _place(row, change, condition)
    for name in ("modules", "channels", "recipients", "armed"):
        listed = getattr(change, name)
        if listed is not None:
            setattr(row, name, list(dict.fromkeys(listed)))


def _checked(
    session: Session, row: RuleRow, change: RuleChange, *, places: bool
) -> tuple[Condition | None, list[UserError]]:
    """The condition of the change, where there is one that can be read, and all that is wrong with the change."""
    problems = list(_problems_of_values(row, change))
    condition = _condition(change, problems, new=places)
    if places:
        problems += _problems_of_place(session, row, change)
        problems += _problems_of_recipients(session, row, change)
    return condition, problems


def _place(row: RuleRow, change: RuleChange, condition: Condition | None) -> None:
    """Store where the rule watches, and for what."""
    if change.camera is not None:
        row.camera_slug = change.camera or None
    if isinstance(condition, InSteps):
        condition = condition.on(row.camera_slug)
    if condition is not None:
        row.condition = condition.document()
    if isinstance(stored := _stored_condition(row), InSteps):
        # Its events are of this camera, and who may see them may see the rule.
        row.camera_slug = stored.steps[-1].camera


def _condition(change: RuleChange, problems: list[UserError], *, new: bool) -> Condition | None:
    if change.condition is None:
        return None
    try:
        return parse_condition(change.condition, new=new)
    except InvalidInput as error:
        problems += error.problems
        return None


def _problems_of_values(row: RuleRow, change: RuleChange) -> Iterator[UserError]:
    if row.slug and not is_slug(row.slug):
        remedy = "1–64 letters, digits, _ or -, beginning with a letter or digit"
        yield UserError("id", "is not a valid id", remedy=remedy)
    name = row.name if change.name is None else change.name
    if not name.strip() or len(name) > 128:
        yield UserError("name", "has no or more than 128 characters", remedy="name the rule")
    if change.cooldown_s is not None and not 0 <= change.cooldown_s <= MAX_COOLDOWN_S:
        yield UserError("cooldown_s", f"must be from 0 to {MAX_COOLDOWN_S:.0f} seconds")
    if change.cooldown_per is not None and change.cooldown_per not in COOLDOWNS:
        yield UserError("cooldown_per", f"must be one of {', '.join(COOLDOWNS)}")
    if change.severity is not None and not 1 <= change.severity <= MAX_SEVERITY:
        yield UserError("severity", f"must be from 1 to {MAX_SEVERITY}")
    if change.judge_deadline_s is not None and not 0 <= change.judge_deadline_s <= MAX_JUDGE_DEADLINE_S:
        yield UserError("judge_deadline_s", f"must be from 0 to {MAX_JUDGE_DEADLINE_S:.0f} seconds")
    yield from _problems_of_incidents(change)
    yield from _unknown("modules", "module", change.modules or (), MODULES)
    yield from _unknown("channels", "channel", change.channels or (), CHANNELS)
    yield from _unknown("armed", "arm state", change.armed or (), ARM_STATES)


def _problems_of_incidents(change: RuleChange) -> Iterator[UserError]:
    if change.incident_window_s is not None and not 0 <= change.incident_window_s <= MAX_INCIDENT_WINDOW_S:
        yield UserError("incident_window_s", f"must be from 0 to {MAX_INCIDENT_WINDOW_S:.0f} seconds")
    if change.incident_per is not None and change.incident_per not in INCIDENTS:
        yield UserError("incident_per", f"must be one of {', '.join(INCIDENTS)}")


def _unknown(field: str, kind: str, names: Sequence[str], known: Sequence[str]) -> Iterator[UserError]:
    if len(names) > len(known):
        yield UserError(field, f"must hold at most {len(known)} names")
        return
    for position, name in enumerate(names):
        if name not in known:
            yield UserError(f"{field}.{position}", f"there is no {kind} {name[:64]!r}", remedy=nearest(name, known))


def _problems_of_place(session: Session, row: RuleRow, change: RuleChange) -> Iterator[UserError]:
    """A camera that is not the rule's to watch, and zones that its camera does not have."""
    if change.camera is None and change.condition is None:
        return
    wanted = change.condition if change.condition is not None else row.condition
    if is_in_steps(wanted):
        yield from _problems_of_steps(session, row, change, wanted)
        return
    slug = change.camera if change.camera is not None else row.camera_slug
    if not slug:
        return
    query = select(Camera).where(Camera.slug == slug)
    camera = session.scalar(query if row.account_id is None else query.where(Camera.account_id == row.account_id))
    if camera is None:
        # One that was removed meanwhile is no obstacle to mending the condition.
        if change.camera is not None:
            yield UserError("camera_id", "there is no such camera", remedy=_LIST_CAMERAS)
        return
    yield from _missing_zones(camera, legible_zones(wanted))


def _problems_of_steps(
    session: Session, row: RuleRow, change: RuleChange, sequence: Mapping[str, Any]
) -> Iterator[UserError]:
    """Cameras of steps that are not the rule's to watch, or not of one account; and zones that they do not have."""
    usual = change.camera if change.camera is not None else row.camera_slug
    steps = [replace(step, camera=step.camera or usual or None) for step in legible_steps(sequence)]
    yield from stray_camera(sequence, change.camera)
    named = {step.camera for step in steps if step.camera}
    query = select(Camera).where(Camera.slug.in_(named))
    cameras = session.scalars(query if row.account_id is None else query.where(Camera.account_id == row.account_id))
    there = {camera.slug: camera for camera in cameras}
    if change.condition is not None:
        yield from unplaced_steps(sequence, usual)
        yield from _problems_of_their_zones(steps, there)
    if len({camera.account_id for camera in there.values()}) > 1:
        yield UserError("condition.steps", "name cameras of several accounts", remedy="choose those of one")


def _problems_of_their_zones(steps: Sequence[LegibleStep], there: Mapping[str, Camera]) -> Iterator[UserError]:
    for step in steps:
        place = f"condition.steps.{step.index}"
        if step.camera and step.camera not in there:
            yield UserError(f"{place}.camera", "there is no such camera", remedy=_LIST_CAMERAS)
        elif step.camera:
            yield from _missing_zones(there[step.camera], step.zones, path=place)


def _problems_of_recipients(session: Session, row: RuleRow, change: RuleChange) -> Iterator[UserError]:
    """Recipients that are not there, or not the rule's account's to tell."""
    wanted = change.recipients or ()
    if len(wanted) > MAX_RECIPIENTS:
        yield UserError("recipients", f"must hold at most {MAX_RECIPIENTS}")
        return
    query = select(RecipientRow.id).where(RecipientRow.id.in_(wanted))
    if row.account_id is not None:
        query = query.where(RecipientRow.account_id == row.account_id)
    there = set(session.scalars(query)) if wanted else set()
    for position, number in enumerate(wanted):
        if number not in there:
            remedy = "list the recipients to see their ids"
            yield UserError(f"recipients.{position}", f"there is no recipient {number}", remedy=remedy)


def _missing_zones(camera: Camera, zones: Mapping[str, str], *, path: str = "condition") -> Iterator[UserError]:
    there = [zone.name for zone in camera.zones]
    for field, zone in zones.items():
        if zone not in there:
            remedy = f"its zones: {', '.join(there)}" if there else "it has no zones yet"
            yield UserError(f"{path}.{field}", f"there is no zone {zone!r} on camera {camera.slug}", remedy=remedy)


def _stored_condition(row: RuleRow) -> Condition | None:
    try:
        return parse_condition(row.condition)
    except InvalidInput:
        return None


def _next_slug(session: Session) -> str:
    """The next free `rule_NNN`. The number of a deleted rule that fired once is not used again: events name it."""
    slugs = session.scalars(select(RuleRow.slug).where(RuleRow.slug.like("rule\\_%", escape="\\")))
    numbers = [int(match[1]) for slug in slugs if (match := _GENERATED.fullmatch(slug))]
    number = max(numbers, default=0) + 1
    while session.scalar(select(exists().where(RuleFiring.rule_slug == f"rule_{number:03d}"))):
        number += 1
    return f"rule_{number:03d}"
