"""Rules: which presences are worth telling, and how. Pure and incremental; no clock, no storage."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args

from shared.domain.arming import USUAL_ARM_STATE, ArmState
from shared.domain.presence import Presence
from shared.rules.condition import Condition
from shared.rules.found import Found, Match
from shared.rules.zone_terms import NOTHING_ASKED, ZoneTerms, held_back

CooldownPer = Literal["camera", "rule", "track"]
COOLDOWNS: tuple[CooldownPer, ...] = get_args(CooldownPer)
IncidentPer = Literal["rule", "camera", "track"]
INCIDENTS: tuple[IncidentPer, ...] = get_args(IncidentPer)


@dataclass(frozen=True, slots=True)
class Rule:
    """A stored condition and what follows when it holds.

    No `camera` means every camera of the account, no `account_id` everybody's. Within `cooldown_s` of firing the rule
    is silent: on the same camera, on all of them (`cooldown_per` rule), or about the same thing alone (track). Told are
    all whom `channels` reach and the `recipients` (ids); everybody where neither is named. With `judge` people are told
    once the judge has spoken, or `judge_deadline_s` later without its word. Events that follow each other within
    `incident_window_s` are one incident, on all cameras or (`incident_per` camera) on each, or (track) those about the
    same thing, whichever rules fired on it; 0: every one stands alone.
    `armed` names the states of the camera's account in which the rule is awake, none all of them.
    """

    slug: str
    name: str
    condition: Condition
    account_id: int | None = None
    camera: str | None = None
    cooldown_s: float = 0.0
    cooldown_per: CooldownPer = "camera"
    severity: int = 1
    modules: tuple[str, ...] = ()
    judge: bool = False
    judge_deadline_s: float = 4.0
    incident_window_s: float = 0.0
    incident_per: IncidentPer = "rule"
    channels: tuple[str, ...] = ()
    recipients: tuple[int, ...] = ()
    armed: tuple[str, ...] = ()

    @property
    def looks(self) -> tuple[str, ...]:
        """The specialists that look closer because of this rule, once it fires or before it can."""
        return tuple(dict.fromkeys((*self.condition.modules(), *self.modules)))

    def concerns(self, camera: str, account_id: int | None) -> bool:
        named = self.condition.cameras()
        is_place = camera in named if named else self.camera in (None, camera)
        return is_place and self.account_id in (None, account_id)

    def awake_in(self, state: ArmState) -> bool:
        return not self.armed or state in self.armed


def rules_by_camera(
    rules: Iterable[Rule], accounts: Mapping[str, int | None], *, states: Mapping[int, ArmState] | None = None
) -> dict[str, tuple[Rule, ...]]:
    """The rules of each camera in `accounts` (camera → account) that are awake, in the order given.

    `states` says how accounts are armed; one that is not in it is as usual.
    """
    return _by_camera(rules, accounts, states or {}, awake=True)


def resting_by_camera(
    rules: Iterable[Rule], accounts: Mapping[str, int | None], *, states: Mapping[int, ArmState] | None = None
) -> dict[str, tuple[Rule, ...]]:
    """The rules of each camera that are not awake as its account is armed; the others are `rules_by_camera`'s."""
    return _by_camera(rules, accounts, states or {}, awake=False)


def _by_camera(
    rules: Iterable[Rule], accounts: Mapping[str, int | None], states: Mapping[int, ArmState], *, awake: bool
) -> dict[str, tuple[Rule, ...]]:
    known = tuple(rules)

    def of(camera: str, account: int | None) -> tuple[Rule, ...]:
        state = states.get(account, USUAL_ARM_STATE) if account is not None else USUAL_ARM_STATE
        return tuple(rule for rule in known if rule.concerns(camera, account) and rule.awake_in(state) is awake)

    return {camera: of(camera, account) for camera, account in accounts.items()}


def evaluate(
    rules: Sequence[Rule],
    presence: Presence,
    *,
    at: datetime,
    others: Sequence[Presence] = (),
    fired: Collection[str] = (),
    last_fired: Mapping[str, datetime],
    terms: Mapping[str, ZoneTerms] = NOTHING_ASKED,
) -> tuple[Rule, ...]:
    """The rules of the presence's camera that fire now.

    `others` are the camera's further presences. `fired` names the rules that fired on this presence before,
    `last_fired` tells when each rule last fired on this camera. A rule fires once per presence at most, and not while
    the camera's zones (`terms`) hold back what stands in them.
    """
    return tuple(
        rule
        for rule in rules
        if rule.slug not in fired
        and rule.condition.holds(presence, at, others)
        and held_back(presence, terms, rule.condition) is None
        and not is_cooling(rule, at, last_fired.get(rule.slug))
    )


def evaluate_finding(
    rules: Sequence[Rule],
    finding: Found,
    *,
    fired: Collection[str] = (),
    last_fired: Mapping[str, datetime],
) -> tuple[tuple[Rule, Match], ...]:
    """The rules of the camera that fire because of what a specialist found, each with what it fires on.

    About a presence a rule fires once at most, and not within its cooldown. About a scene every rule that matches is
    told: whether that is a new episode or one that goes on is `is_new_episode`'s to say.
    """
    about_scene = finding.presence is None
    return tuple(
        (rule, match)
        for rule in rules
        if rule.slug not in fired
        and (match := rule.condition.found(finding)) is not None
        and (about_scene or not is_cooling(rule, finding.at, last_fired.get(rule.slug)))
    )


def is_new_episode(at: datetime, last: datetime | None, *, gap_s: float) -> bool:
    """Whether a match at `at` begins something new, the last one having been at `last`: after a gap only."""
    return last is None or abs((at - last).total_seconds()) > gap_s


def is_cooling(rule: Rule, at: datetime, last: datetime | None) -> bool:
    """Whether the rule keeps silent at `at` because it fired at `last`."""
    # Each thing is told once: where the cooldown is a thing's own, it keeps silent about no other.
    if rule.cooldown_s <= 0 or last is None or rule.cooldown_per == "track":
        return False
    # Either way round: a clock that was set back must not silence the rule until it has caught up.
    return abs((at - last).total_seconds()) < rule.cooldown_s


def cools_until(rule: Rule, last: datetime) -> datetime:
    """When the rule's silence after firing at `last` is over."""
    return last + timedelta(seconds=rule.cooldown_s)
