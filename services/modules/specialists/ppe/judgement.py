"""What the signs on one picture, and then on several, say of one person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from services.modules.specialists.ppe.assignment import Sign
from services.modules.specialists.ppe.body import Body
from services.modules.specialists.ppe.equipment import Known
from services.modules.specialists.ppe.settings import PpeSettings
from shared.domain.box import Box
from shared.domain.vocabulary import Equipment

State = Literal["worn", "missing", "not_visible"]

_BY_ABSENCE = 0.6


@dataclass(frozen=True, slots=True)
class Verdict:
    """`confidence` 0..1 in the state (0 for what is not visible); `box` is the item's, or the bare part's."""

    state: State
    confidence: float = 0.0
    box: Box | None = None


NOT_VISIBLE = Verdict("not_visible")


def judged(
    body: Body, signs: Mapping[Equipment, Sequence[Sign]], known: Known, settings: PpeSettings
) -> dict[Equipment, Verdict]:
    """What one picture says of each item the detector knows."""
    if body.box.height < settings.min_height_px:
        return dict.fromkeys(known.items, NOT_VISIBLE)
    return {item: _item(item, body, signs.get(item, ()), known, settings) for item in known.items}


def doubted(items: Mapping[Equipment, Verdict], body: Body, signs: Sequence[Sign]) -> dict[Equipment, Verdict]:
    """The verdicts without those by absence alone of which `signs` show a trace on the person after all."""
    traces = {sign.meaning.item for sign in signs if sign.meaning.worn and body.holds(sign.box)}
    return {item: NOT_VISIBLE if item in traces and by_absence(verdict) else verdict for item, verdict in items.items()}


def by_absence(verdict: Verdict) -> bool:
    """Missing because nothing was seen, rather than because the bare part was."""
    return verdict.state == "missing" and verdict.box is None


def together(votes: Sequence[Verdict]) -> Verdict:
    """What several pictures say of one item: missing only when most of those that show the part say so.

    An even split is no violation. The box is that of the surest picture.
    """
    usable = [vote for vote in votes if vote.state != "not_visible"]
    if not usable:
        return NOT_VISIBLE
    missing = [vote for vote in usable if vote.state == "missing"]
    worn = [vote for vote in usable if vote.state == "worn"]
    winners = missing if 2 * len(missing) > len(usable) else worn
    surest = max(winners, key=lambda vote: vote.confidence)
    mean = sum(vote.confidence for vote in winners) / len(winners)
    return Verdict(surest.state, mean * len(winners) / len(usable), surest.box)


def violations(items: Mapping[Equipment, Verdict], required: Sequence[Equipment]) -> list[Equipment]:
    """The required items that are missing."""
    return [item for item in required if item in items and items[item].state == "missing"]


def compliance(persons: Sequence[Mapping[Equipment, Verdict]], required: Sequence[Equipment]) -> bool | None:
    """False with any violation, True when everybody wears all that is required, None when that is not known."""
    if any(violations(items, required) for items in persons):
        return False
    everything = all(items.get(item, NOT_VISIBLE).state == "worn" for items in persons for item in required)
    return True if persons and required and everything else None


def _item(item: Equipment, body: Body, signs: Sequence[Sign], known: Known, settings: PpeSettings) -> Verdict:
    if signs and signs[0].confidence >= settings.confidence:
        surest = signs[0]
        return Verdict("worn" if surest.meaning.worn else "missing", min(surest.confidence, 1.0), surest.box)
    counts = item in settings.absence_counts and item in known.worn
    clear = body.box.height >= settings.absence_height_px and body.upright and body.shows(item)
    if counts and clear and not any(sign.meaning.worn for sign in signs):
        return Verdict("missing", _BY_ABSENCE)
    return NOT_VISIBLE
