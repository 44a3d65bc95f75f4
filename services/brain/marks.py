"""What people marked as false alarms raises the bar for what looks the same at the same place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.db.tables import Event, Feedback
from shared.domain.box import Box, iou
from shared.domain.presence import Presence

ENOUGH: Final = 2
"""One mark may be a mistake."""
REMEMBERED: Final = timedelta(days=90)

_SAME_PLACE: Final = 0.75
# How far the foot of what does not move may seem to, in widths and heights of its box: detectors' boxes breathe.
_SWAY_WIDTHS: Final = 0.5
_SWAY_HEIGHTS: Final = 0.25
_MARGIN: Final = 0.1
_HIGHEST: Final = 0.95
_MOST: Final = 5_000


@dataclass(frozen=True, slots=True)
class Mark:
    """An event that was marked; `box` in shares of the picture's width and height."""

    account_id: int | None
    label: str
    box: Box
    confidence: float


def read_marks(session: Session, *, since: datetime) -> dict[str, tuple[Mark, ...]]:
    """The marked events of each camera since then; not those of which somebody has said something else by now."""
    columns = (Event.camera_slug, Event.account_id, Event.label, Event.box, Event.frame_width, Event.frame_height)
    rows = session.execute(
        select(*columns, Event.confidence)
        .where(
            Event.id.in_(select(Feedback.event_id).where(Feedback.kind == "false_positive", Feedback.at >= since)),
            Event.user_feedback == "false_positive",
        )
        .order_by(Event.id.desc())
        .limit(_MOST)
    )
    found: dict[str, list[Mark]] = {}
    for camera, account, label, box, width, height, confidence in rows:
        if box and width and height:
            found.setdefault(camera, []).append(Mark(account, label, _share(Box(*box), width, height), confidence))
    return {camera: tuple(marks) for camera, marks in found.items()}


def is_known_false(presence: Presence, marks: Iterable[Mark], account_id: int | None) -> bool:
    """Whether the presence is what was marked at least twice where it is now, and no surer than that was.

    A thing that stands there for ever stays below the bar. Somebody real who comes there moves, and is believed as soon
    as that is seen; so is what is clearly surer.
    """
    here = _share(presence.box, presence.frame_width, presence.frame_height)
    if _has_moved(presence, here):
        return False
    alike = [
        mark
        for mark in marks
        if (mark.account_id, mark.label) == (account_id, presence.label) and iou(mark.box, here) >= _SAME_PLACE
    ]
    if len(alike) < ENOUGH:
        return False
    return presence.confidence < min(_HIGHEST, max(mark.confidence for mark in alike) + _MARGIN)


def _has_moved(presence: Presence, here: Box) -> bool:
    """Whether its foot was ever elsewhere than under the box, which is that of the best shot and may be an old one."""
    if presence.extent is None:
        return False
    x1, y1, x2, y2 = presence.extent
    foot_x, foot_y = (here.x1 + here.x2) / 2, here.y2
    sideways, up_or_down = _SWAY_WIDTHS * (here.x2 - here.x1), _SWAY_HEIGHTS * (here.y2 - here.y1)
    return max(foot_x - x1, x2 - foot_x) > sideways or max(foot_y - y1, y2 - foot_y) > up_or_down


def _share(box: Box, width: int, height: int) -> Box:
    return Box(box.x1 / width, box.y1 / height, box.x2 / width, box.y2 / height)
