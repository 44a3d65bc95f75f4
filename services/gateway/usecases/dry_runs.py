"""Trying a rule on what was seen, without telling anybody and without storing anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.gateway.auth.principal import Principal
from services.gateway.gateway import Gateway
from services.gateway.queries.cameras import one_camera
from services.gateway.queries.dry_runs import Seen, seen_on
from shared.domain.errors import InvalidInput, UserError
from shared.domain.presence import Presence
from shared.rules.found import Found
from shared.rules.registry import RuleChange, draft_rule, rule_named, rule_of
from shared.rules.replay import Firing, replay
from shared.rules.rule import Rule, evaluate_finding, is_cooling

LONGEST = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Undecided:
    """A presence of which nobody can say now what the rule would have made of it."""

    presence: Presence
    reason: str


@dataclass(frozen=True, slots=True)
class DryRun:
    """What came of it. `events` are the uuids of events that were raised of presences, whatever by."""

    rule: Rule
    camera: str
    since: datetime
    until: datetime
    examined: int
    truncated: bool
    firings: Sequence[Firing]
    undecided: Sequence[Undecided]
    events: Mapping[str, str]


def dry_run(
    gateway: Gateway,
    principal: Principal,
    *,
    rule: RuleChange | str,
    camera: str | None,
    since: datetime | None,
    until: datetime | None,
) -> DryRun:
    """Try a rule that could be stored, or the one of that id, on what was seen on a camera.

    Raises `InvalidInput` that names every wrong field, `NotFound`.
    """
    account_id = principal.visible_account
    until = until or gateway.now()
    since = since or until - LONGEST
    _check_span(since, until, now=gateway.now())
    with gateway.reads() as session:
        if isinstance(rule, str):
            meant = rule_of(rule_named(session, rule, account_id=account_id))
        else:
            meant = draft_rule(session, rule, account_id=account_id, now=gateway.now())
        slug = camera or meant.camera
        if not slug:
            raise UserError("camera_id", "is required", remedy="name a camera, here or in the rule")
        about = one_camera(session, slug, account_id=account_id)
        if meant.camera not in (None, about.slug):
            raise UserError("camera_id", f"is not the camera of the rule, {meant.camera}", remedy="leave it out")
        seen, truncated = seen_on(session, about.slug, since=since, until=until)
        firings, undecided = try_on(meant, seen, since=since, until=until)
        events = {one.presence.id: one.event.uuid for one in seen if one.event is not None}
    return DryRun(meant, about.slug, since, until, len(seen), truncated, firings, undecided, events)


def try_on(
    rule: Rule, seen: Sequence[Seen], *, since: datetime, until: datetime
) -> tuple[Sequence[Firing], Sequence[Undecided]]:
    """When the rule would have fired, in order, and of whom that cannot be said."""
    if not rule.condition.asks_findings():
        return list(replay(rule, (one.presence for one in seen), since=since, until=until)), ()
    firings: list[Firing] = []
    undecided: list[Undecided] = []
    fired_at: datetime | None = None
    plain = {each.presence.id: each for each in replay(rule, (one.presence for one in seen), since=since, until=until)
             if each.presence is not None}  # fmt: skip
    for one in sorted(seen, key=_looked_at):
        at = _looked_at(one)
        found = plain.get(one.presence.id) or _found(rule, one, at)
        if found is not None and since <= found.at < until:
            cooling = is_cooling(rule, found.at, fired_at)
            fired_at = fired_at if cooling else found.at
            firings.append(Firing(found.at, one.presence, cooling=cooling))
        elif found is None:
            undecided += _missing(rule, one, at)
    return sorted(firings, key=lambda each: each.at), undecided


def _check_span(since: datetime, until: datetime, *, now: datetime) -> None:
    problems = []
    if since >= until:
        problems.append(UserError("since", "must be before until"))
    elif until - since > LONGEST:
        problems.append(UserError("since", "must be 24 hours before until at most"))
    if since > now:
        problems.append(UserError("since", "lies in the future"))
    if problems:
        raise InvalidInput(problems)


def _looked_at(one: Seen) -> datetime:
    return one.event.occurred_at if one.event is not None else one.presence.last_seen_at


def _found(rule: Rule, one: Seen, at: datetime) -> Firing | None:
    """The rule fires on what a specialist found at the time."""
    for module, results in one.results.items():
        if evaluate_finding([rule], Found(module, results, at, one.presence), last_fired={}):
            return Firing(at, one.presence)
    return None


def _missing(rule: Rule, one: Seen, at: datetime) -> Iterator[Undecided]:
    """Findings that the rule waits for, and that nobody asked for at the time."""
    if not rule.condition.awaits(one.presence, at):
        return
    missing = [name for name in rule.condition.modules() if name not in one.results]
    if missing:
        yield Undecided(one.presence, f"{', '.join(missing)} did not look at it")
