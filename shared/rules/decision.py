"""What each rule made of a presence, and why. Pure.

Evaluating asks whether a rule fires, thousands of times a minute; this asks why not, once per presence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, Literal

from shared.domain.presence import Presence
from shared.rules.rule import Rule, cools_until, is_cooling
from shared.rules.unmet import Unmet
from shared.rules.zone_terms import NOTHING_ASKED, ZoneTerms, held_back

Outcome = Literal["fired", "unmet", "cooling", "known_false", "resting", "held"]
"""`resting`: the account is armed otherwise. `held`: nothing is in the way, and yet it has not fired (so far)."""

MOST_UNMET: Final = 8
NONE_SILENCED: Final[Mapping[str, datetime]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Decision:
    """What a rule made of a presence. `at` is when it fired, or until when it cools down."""

    rule: str
    name: str
    outcome: Outcome
    at: datetime | None = None
    unmet: tuple[Unmet, ...] = ()

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "rule": self.rule,
            "name": self.name,
            "outcome": self.outcome,
            "at": self.at.isoformat() if self.at is not None else None,
            "unmet": [{"field": each.field, "wanted": each.wanted, "was": each.was} for each in self.unmet],
        }

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Decision:
        """What `document` gave."""
        at = document["at"]
        return cls(
            rule=document["rule"],
            name=document["name"],
            outcome=document["outcome"],
            at=datetime.fromisoformat(at) if at is not None else None,
            unmet=tuple(Unmet(each["field"], each["wanted"], each["was"]) for each in document["unmet"]),
        )

    @property
    def sentence(self) -> str:
        """For people."""
        match self.outcome:
            case "fired":
                return f"{self.name} fired at {_clock(self.at)}."
            case "cooling":
                return f"{self.name} would have fired, but keeps silent until {_clock(self.at)} (cooldown)."
            case "known_false":
                return f"{self.name} did not look: what stands there was marked as a false alarm more than once."
            case "resting":
                return f"{self.name} is not awake in the state in which the account is armed."
            case "held":
                return f"{self.name} fits, and has not fired."
        reasons = "; ".join(f"{each.field} asks {each.wanted}, it {_was(each.was)}" for each in self.unmet)
        return f"{self.name} did not fire: {reasons}."


def decide(
    rules: Iterable[Rule],
    presence: Presence,
    *,
    at: datetime,
    others: Sequence[Presence] = (),
    fired: Mapping[str, datetime | None],
    last_fired: Mapping[str, datetime],
    known_false: bool = False,
    resting: Iterable[Rule] = (),
    terms: Mapping[str, ZoneTerms] = NOTHING_ASKED,
    silenced: Mapping[str, datetime] = NONE_SILENCED,
) -> tuple[Decision, ...]:
    """What the camera's rules make of the presence as known at `at`.

    `fired` are the rules that fired on it, with when that was where it is known; `last_fired` as in `evaluate`;
    `resting` are rules of the camera that are not awake as its account is armed; `terms` as in `evaluate`. `silenced`
    are those that had all they ask for while they cooled down, with until when: what a sequence or a finding was does
    not show in the presence.
    """
    found = [
        _decided(
            rule,
            presence,
            at,
            others,
            fired=fired,
            last=last_fired.get(rule.slug),
            known_false=known_false,
            terms=terms,
            silenced=silenced,
        )
        for rule in rules
    ]
    return (*found, *(_resting(rule, fired) for rule in resting))


def _decided(
    rule: Rule,
    presence: Presence,
    at: datetime,
    others: Sequence[Presence],
    *,
    fired: Mapping[str, datetime | None],
    last: datetime | None,
    known_false: bool,
    terms: Mapping[str, ZoneTerms],
    silenced: Mapping[str, datetime],
) -> Decision:
    if rule.slug in fired:
        return Decision(rule.slug, rule.name, "fired", fired[rule.slug])
    if rule.slug in silenced:
        return Decision(rule.slug, rule.name, "cooling", silenced[rule.slug])
    if known_false and not fired:
        return Decision(rule.slug, rule.name, "known_false")
    unmet = tuple(rule.condition.unmet(presence, at, others))
    waits = held_back(presence, terms, rule.condition)
    if waits is not None:
        unmet = (*unmet, waits.inside("zones"))
    if unmet:
        return Decision(rule.slug, rule.name, "unmet", unmet=unmet[:MOST_UNMET])
    if last is not None and is_cooling(rule, at, last):
        return Decision(rule.slug, rule.name, "cooling", cools_until(rule, last))
    return Decision(rule.slug, rule.name, "held")


def _resting(rule: Rule, fired: Mapping[str, datetime | None]) -> Decision:
    if rule.slug in fired:
        return Decision(rule.slug, rule.name, "fired", fired[rule.slug])
    wanted = f"one of {', '.join(rule.armed)}"
    return Decision(rule.slug, rule.name, "resting", unmet=(Unmet("armed", wanted, "is in another state"),))


def _clock(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC" if at is not None else "a time that is not known"


def _was(said: str) -> str:
    verbs = ("was ", "is ", "had ", "has ", "did ", "crossed ", "holds")
    return said if said.startswith(verbs) else f"was {said}"
