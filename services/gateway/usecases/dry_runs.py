"""Trying a rule on what was seen, without telling anybody and without storing anything."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from services.gateway.asking import unavailable
from services.gateway.auth.principal import Principal
from services.gateway.gateway import Gateway
from services.gateway.queries.cameras import one_camera
from services.gateway.queries.dry_runs import Seen, seen_on
from services.gateway.usecases.dry_run_rules import cameras_of, check_clip, meant_rule, reach_of
from shared.domain.errors import InvalidInput, InvalidMessage, UserError
from shared.domain.presence import Presence
from shared.messages.answers import ClipAnswer
from shared.messages.commands import LOOK_AT_CLIP_S, LookAtClip
from shared.messages.topics import CLIP
from shared.rules.doubts import doubtful
from shared.rules.firing import Firing
from shared.rules.found import Found
from shared.rules.registry import RuleChange
from shared.rules.replay import replay
from shared.rules.rule import Rule, evaluate_finding, is_cooling
from shared.rules.stored_terms import read_terms
from shared.rules.zone_terms import NOTHING_ASKED, ZoneTerms

LONGEST = timedelta(hours=24)
_EXTRA_S = 2.0
_COMES_BACK: Final = "it came back to a zone, and when it was there before is not known"


@dataclass(frozen=True, slots=True)
class Undecided:
    """A presence of which nobody can say now what the rule would have made of it."""

    presence: Presence
    reason: str


@dataclass(frozen=True, slots=True)
class DryRun:
    """What came of it. `events` are the uuids of events that were raised of presences, whatever by."""

    rule: Rule
    camera: str | None
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
    """Try a rule that could be stored, or the one of that id, on what was seen on a camera, or on those of its steps.

    Raises `InvalidInput` that names every wrong field, `NotFound`.
    """
    account_id = principal.visible_account
    until = until or gateway.now()
    since = since or until - LONGEST
    _check_span(since, until, now=gateway.now())
    with gateway.reads() as session:
        meant = meant_rule(session, gateway, rule, camera=camera, account_id=account_id)
        cameras = cameras_of(session, meant, camera=camera, account_id=account_id)
        pages = [seen_on(session, each, since=since - reach_of(meant), until=until) for each in cameras]
        seen = [one for page, _ in pages for one in page]
        terms = read_terms(session, camera=cameras[-1].slug).get(cameras[-1].slug, NOTHING_ASKED)
        firings, undecided = try_on(meant, seen, since=since, until=until, terms=terms)
        events = {one.presence.id: one.event.uuid for one in seen if one.event is not None}
    truncated = any(too_many for _, too_many in pages)
    return DryRun(meant, cameras[-1].slug, since, until, len(seen), truncated, firings, undecided, events)


def dry_run_on_clip(
    gateway: Gateway,
    principal: Principal,
    *,
    rule: RuleChange | str,
    camera: str | None,
    clip: bytes,
    began_at: datetime | None,
) -> DryRun:
    """Try a rule on a clip, as if the camera (none: one without zones) had taken it from `began_at` (none: now) on.

    Blocks while an eye looks at it. Raises `InvalidInput`, `NotFound`, `Refusal` (503) when no eye can look now.
    """
    account_id = principal.visible_account
    began_at = began_at or gateway.now()
    with gateway.reads() as session:
        meant = meant_rule(session, gateway, rule, camera=camera, account_id=account_id)
        slug = camera or meant.camera or ""
        if slug:
            one_camera(session, slug, account_id=account_id)
        terms = read_terms(session, camera=slug).get(slug, NOTHING_ASKED)
    check_clip(meant, slug)
    answer = _look_at(gateway, clip, camera=slug, began_at=began_at)
    until = began_at + timedelta(seconds=answer.duration_s + 1)
    seen = [Seen(each.presence(), None) for each in answer.presences]
    firings, undecided = try_on(meant, seen, since=began_at, until=until, terms=terms)
    return DryRun(meant, slug or None, began_at, until, len(seen), False, firings, undecided, {})


def _look_at(gateway: Gateway, clip: bytes, *, camera: str, began_at: datetime) -> ClipAnswer:
    name = uuid.uuid4().hex
    key = CLIP.format(id=name)
    gateway.redis.set(key, clip, ex=round(LOOK_AT_CLIP_S))
    try:
        content = gateway.asker.ask(
            "eye",
            lambda reply_to: LookAtClip(clip=name, camera=camera, began_at=began_at, reply_to=reply_to),
            timeout_s=LOOK_AT_CLIP_S + _EXTRA_S,
        )
    finally:
        # Where no eye has taken it.
        gateway.soft_redis.attempt(lambda redis: redis.delete(key), otherwise=0, purpose="clip")
    try:
        answer = ClipAnswer.unpacked(content)
    except InvalidMessage:
        raise unavailable("The eye gave an answer that cannot be read", retry_after_s=10) from None
    if answer.busy:
        raise unavailable("The eye looks at another clip; try again in a moment", retry_after_s=10)
    if not answer.ok:
        raise UserError("clip", answer.detail, remedy="send an MP4 or MKV of 60 s and 1920 × 1080 pixels at most")
    return answer


def try_on(
    rule: Rule, seen: Sequence[Seen], *, since: datetime, until: datetime, terms: Mapping[str, ZoneTerms]
) -> tuple[Sequence[Firing], Sequence[Undecided]]:
    """When the rule would have fired, in order, and of whom that cannot be said; `terms` are the camera's zones'."""
    presences = [one.presence for one in seen]
    false = {one.presence.id for one in seen if one.known_false}
    replayed = list(replay(rule, presences, since=since, until=until, terms=terms, known_false=false))
    if not rule.condition.asks_findings():
        decided = false | {each.presence.id for each in replayed if each.presence is not None}
        unknown = doubtful(rule, presences, since=since, until=until, terms=terms)
        return replayed, [Undecided(one, _COMES_BACK) for one in unknown if one.id not in decided]
    firings: list[Firing] = []
    undecided: list[Undecided] = []
    fired_at: datetime | None = None
    plain = {each.presence.id: each for each in replayed if each.presence is not None}
    for one in sorted(seen, key=_looked_at):
        at = _looked_at(one)
        found = plain.get(one.presence.id) or _found(rule, one, at)
        if found is not None and since <= found.at < until:
            cooling = not found.known_false and is_cooling(rule, found.at, fired_at)
            fired_at = fired_at if cooling or found.known_false else found.at
            firings.append(replace(found, presence=one.presence, cooling=cooling))
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
