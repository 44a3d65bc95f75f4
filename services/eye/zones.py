"""In which zones an object stands, and for how long."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from shared.domain.box import Box
from shared.domain.polygon import Point
from shared.domain.presence import ZoneStay
from shared.domain.zone import Zone


def zones_holding(
    zones: Iterable[Zone], box: Box, *, frame_size: tuple[int, int], label: str, confidence: float
) -> frozenset[str]:
    """The names of the zones in which an object with this box (pixels of the frame) stands."""
    anchor = foot(box, frame_size)
    return frozenset(zone.name for zone in zones if zone.holds(anchor, label, confidence))


def foot(box: Box, frame_size: tuple[int, int]) -> Point:
    """Where an object stands, as shares of the picture's width and height.

    It stands at the middle of its lower edge; where that lies below the picture, at the picture's edge.
    """
    x, y = box.bottom_centre
    return (min(max(x / frame_size[0], 0.0), 1.0), min(max(y / frame_size[1], 0.0), 1.0))


def advance(
    stays: tuple[ZoneStay, ...], holding: frozenset[str], *, at: datetime, since: datetime
) -> tuple[ZoneStay, ...]:
    """Carry stays from one sighting (`since`) to the next (`at`), on which `holding` hold the object.

    The time between counts as spent in a zone that held it on both; who comes back into a zone has a
    new `entered_at` and keeps the time already spent.
    """
    passed_s = max(0.0, (at - since).total_seconds())
    known = {stay.zone: stay for stay in stays}
    after = [_next(stay, held=stay.zone in holding, at=at, passed_s=passed_s) for stay in stays]
    after += [ZoneStay(zone, at, 0.0, inside=True) for zone in sorted(holding) if zone not in known]
    return tuple(after)


def inside(stays: tuple[ZoneStay, ...]) -> frozenset[str]:
    """The names of the zones it is in now."""
    return frozenset(stay.zone for stay in stays if stay.inside)


def left_all(stays: tuple[ZoneStay, ...]) -> tuple[ZoneStay, ...]:
    """The stays of an object that is gone."""
    return tuple(replace(stay, inside=False) for stay in stays)


def _next(stay: ZoneStay, *, held: bool, at: datetime, passed_s: float) -> ZoneStay:
    if stay.inside and held:
        return replace(stay, dwell_s=stay.dwell_s + passed_s)
    if held:
        return replace(stay, entered_at=at, inside=True, left_at=None)
    return replace(stay, inside=False, left_at=at) if stay.inside else stay
