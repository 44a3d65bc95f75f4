"""False alarms on the same camera that people marked: what a judge should know before it believes the next one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.db.tables import Appearance, Event, Feedback
from shared.domain.box import Box, iou

MOST: Final = 3
REMEMBERED: Final = timedelta(days=90)

_LOOKED_THROUGH = 200
# Less in common than this is another thing at another place.
_LEAST: Final[dict[str, float]] = {"appearance": 0.5, "place": 0.3}


@dataclass(frozen=True, slots=True)
class Precedent:
    """A marked event; `likeness` (0..1) is that of the appearances where both are known, else of the places."""

    at: datetime
    likeness: float
    by: Literal["appearance", "place"]
    comment: str | None = None


def precedents(session: Session, event: Event) -> tuple[Precedent, ...]:
    """The few false alarms most like the event: same camera, account and label, and marked so by the newest word."""
    marked = select(Feedback.event_id).where(Feedback.kind == "false_positive")
    rows = session.scalars(
        select(Event)
        .where(
            Event.id.in_(marked),
            Event.id != event.id,
            Event.camera_slug == event.camera_slug,
            Event.account_id == event.account_id if event.account_id is not None else Event.account_id.is_(None),
            Event.label == event.label,
            Event.user_feedback == "false_positive",
            Event.occurred_at >= event.occurred_at - REMEMBERED,
        )
        .order_by(Event.occurred_at.desc())
        .limit(_LOOKED_THROUGH)
    ).all()
    if not rows:
        return ()
    looks = _looks(session, [event, *rows])
    found = [like for row in rows if (like := _likeness(event, row, looks)) is not None]
    best = sorted(found, key=lambda each: -each[1].likeness)[:MOST]
    comments = _comments(session, [row.id for row, _ in best])
    return tuple(Precedent(one.at, one.likeness, one.by, comments.get(row.id)) for row, one in best)


def _likeness(
    event: Event, other: Event, looks: dict[tuple[str, str], NDArray[np.float32]]
) -> tuple[Event, Precedent] | None:
    mine, theirs = _of(event, looks), _of(other, looks)
    shared = mine.keys() & theirs.keys()
    if shared:
        likeness, by = max(float(mine[model] @ theirs[model]) for model in shared), "appearance"
    else:
        likeness, by = _same_place(event, other), "place"
    if not likeness >= _LEAST[by]:
        return None
    return other, Precedent(other.occurred_at, round(min(1.0, likeness), 2), "appearance" if shared else "place")


def _of(event: Event, looks: dict[tuple[str, str], NDArray[np.float32]]) -> dict[str, NDArray[np.float32]]:
    return {model: vector for (uuid, model), vector in looks.items() if uuid == event.uuid}


def _looks(session: Session, events: Sequence[Event]) -> dict[tuple[str, str], NDArray[np.float32]]:
    """The newest vector of each event's body and model."""
    rows = session.execute(
        select(Appearance.event_uuid, Appearance.model, Appearance.vector)
        .where(Appearance.event_uuid.in_([event.uuid for event in events]), Appearance.kind == "body")
        .order_by(Appearance.at)
    )
    return {(str(uuid), model): np.frombuffer(vector, "<f4") for uuid, model, vector in rows}


def _same_place(one: Event, other: Event) -> float:
    """Intersection over union of the boxes as shares of their pictures; 0 where one is not known."""
    boxes = [
        Box(box[0] / width, box[1] / height, box[2] / width, box[3] / height)
        for box, width, height in ((each.box, each.frame_width, each.frame_height) for each in (one, other))
        if box and width and height
    ]
    return iou(boxes[0], boxes[1]) if len(boxes) == 2 else 0.0


def _comments(session: Session, event_ids: Sequence[int]) -> dict[int, str]:
    rows = session.execute(
        select(Feedback.event_id, Feedback.comment)
        .where(Feedback.event_id.in_(event_ids), Feedback.comment.is_not(None))
        .order_by(Feedback.id)
    )
    return {event_id: comment for event_id, comment in rows if comment}
