"""From a look and what is remembered to what is wrong, and to what is to be remembered. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from services.modules.specialists.camera_health.faults import (
    Comparison,
    Fault,
    black,
    bright,
    compared,
    covered,
    is_black,
    is_still,
    moved,
    out_of_focus,
    unchanged,
)
from services.modules.specialists.camera_health.look import Look
from services.modules.specialists.camera_health.memory import Memory, Still, Streak, View
from services.modules.specialists.camera_health.outline import agreement
from services.modules.specialists.camera_health.settings import CameraHealthSettings

_CANDIDATE_FIT: Final = 0.4
_CANDIDATE_LOOKS: Final = 3
_LIGHT_AFTER_S: Final = 600.0
_OTHER_LIGHT: Final = 1.6
_STILL_LOOKS: Final = 3
_FOLLOW: Final = 0.5
_HIDE: Final = ("black", "bright", "covered")


@dataclass(frozen=True, slots=True)
class Judgement:
    """`found` has been so for long enough to be told, `suspected` not yet."""

    status: str
    reason: str
    found: tuple[Fault, ...]
    suspected: tuple[Fault, ...]
    measures: dict[str, Any]


def judge(look: Look, memory: Memory, settings: CameraHealthSettings, *, at: datetime) -> tuple[Judgement, Memory]:
    """A look at `at`, later than the one that is remembered."""
    beside = compared(look, memory.views)
    faults = _faults(look, memory, beside)
    still, changed = _still(look, memory, at, hidden=any(one.label in _HIDE for one in faults))
    streaks: dict[str, Streak] = {one.label: _longer(memory.streaks.get(one.label), at) for one in faults}
    found = [one for one in faults if streaks[one.label].looks >= settings.looks]
    suspected = [one for one in faults if one not in found]
    since_s = (at - still.since).total_seconds()
    if still.looks >= _STILL_LOOKS and since_s >= settings.frozen_after_s:
        figures = {"changed": round(changed or 0.0, 4), "seconds": round(since_s)}
        found.append(Fault("frozen", 0.95, f"the picture has been the same for {since_s:.0f} s", figures))
    status, reason = _said(look, beside, faults=found, suspected=suspected)
    told = Judgement(status, reason, tuple(found), tuple(suspected), _measures(look, beside, changed))
    seen = replace(memory, at=at, streaks=streaks, still=still)
    return told, _learnt(look, seen, beside, faults, settings=settings, at=at)


def glance(look: Look) -> Judgement:
    """What can be said without anything to compare with: of nothing it is known how long it has been so."""
    faults = tuple(_faults(look, Memory(), None))
    reason = faults[0].reason if faults else "there is nothing to compare it with"
    return Judgement("uncertain", reason, (), faults, _measures(look, None, None))


def _faults(look: Look, memory: Memory, beside: Comparison | None) -> list[Fault]:
    """The first that explains the others; what hides the view leaves nothing to compare."""
    if is_black(look):
        return [fault for fault in (black(look, memory),) if fault]
    hidden = bright(look, memory.views) or covered(look, beside)
    if hidden is not None or beside is None:
        return [hidden] if hidden is not None else []
    fault = moved(look, beside) or out_of_focus(look, beside)
    return [fault] if fault is not None else []


def _still(look: Look, memory: Memory, at: datetime, *, hidden: bool) -> tuple[Still, float | None]:
    """Since when nothing has changed. A picture that shows nothing tells nothing by staying so."""
    changed = unchanged(look, memory.still)
    if memory.still is not None and is_still(changed) and not hidden and not is_black(look):
        return replace(memory.still, looks=memory.still.looks + 1), changed
    return Still(look.samples, at), changed


def _longer(streak: Streak | None, at: datetime) -> Streak:
    return Streak(at, 1) if streak is None else replace(streak, looks=streak.looks + 1)


def _said(
    look: Look, beside: Comparison | None, *, faults: Sequence[Fault], suspected: Sequence[Fault]
) -> tuple[str, str]:
    if faults:
        return faults[0].label, "; ".join(one.reason for one in faults)
    if suspected:
        return "uncertain", f"{suspected[0].reason}, seen only now"
    if is_black(look):
        return "dark", "it has become too dark to see anything"
    if beside is None:
        return "learning", "nothing is known of the usual view yet"
    if not beside.same:
        return "unclear", "neither like the usual view nor clearly another"
    return "ok", "the usual view"


def _measures(look: Look, beside: Comparison | None, changed: float | None) -> dict[str, Any]:
    return {
        "luma": round(look.luma, 1),
        "overexposed": round(look.bright, 3),
        "sharpness": _rounded(look.sharpness),
        "usual_sharpness": _rounded(beside.view.sharpness) if beside else None,
        "fit": _rounded(beside.fit.here) if beside else None,
        "usual_fit": _rounded(beside.view.usual_fit) if beside else None,
        "changed": _rounded(changed),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _learnt(
    look: Look,
    memory: Memory,
    beside: Comparison | None,
    faults: Sequence[Fault],
    *,
    settings: CameraHealthSettings,
    at: datetime,
) -> Memory:
    if not is_black(look) and not faults:
        before = memory.highlights
        follow = look.highlights if before is None else before + _FOLLOW * (look.highlights - before)
        memory = replace(memory, highlights=follow)
    if is_black(look):
        return memory
    if beside is None and not faults:
        return replace(memory.with_view(View.of(look, at)), candidate=None)
    if beside is not None and beside.same and not faults:
        return replace(_followed(look, memory, beside, at), candidate=None)
    return _considered(look, memory, after_s=_patience_s(faults, settings), at=at)


def _followed(look: Look, memory: Memory, beside: Comparison, at: datetime) -> Memory:
    """The usual view goes with the light; in quite another light it is a view of its own."""
    ratio = (look.luma + 8) / (beside.view.luma + 8)
    if not 1 / _OTHER_LIGHT < ratio < _OTHER_LIGHT:
        return memory.with_view(View.of(look, at))
    return memory.with_view(beside.view.blended(look, fit=beside.fit.here, at=at), instead_of=beside.view)


def _considered(look: Look, memory: Memory, *, after_s: float, at: datetime) -> Memory:
    """What is no usual view becomes one when it stays as it is for long enough."""
    candidate = memory.candidate
    fits = (
        agreement(candidate.outline, look.outline)
        if candidate is not None and candidate.thumb.shape == look.thumb.shape
        else 0.0
    )
    if candidate is None or fits < _CANDIDATE_FIT:
        return replace(memory, candidate=View.of(look, at))
    candidate = candidate.blended(look, fit=fits, at=at)
    if candidate.looks >= _CANDIDATE_LOOKS and (at - candidate.since).total_seconds() >= after_s:
        return replace(memory.with_view(candidate), candidate=None)
    return replace(memory, candidate=candidate)


def _patience_s(faults: Sequence[Fault], settings: CameraHealthSettings) -> float:
    if not faults:
        return _LIGHT_AFTER_S
    return settings.view_after_s if faults[0].label == "moved" else settings.accept_after_s
