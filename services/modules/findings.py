"""Keeping what a job found: with its event, and as recognitions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.db.tables import Event, Recognition
from shared.modules.order import ModuleOrder


def keep(
    session: Session, order: ModuleOrder, *, results: Mapping[str, Any], recognised: Sequence[Mapping[str, Any]]
) -> None:
    """Write a job's results in the caller's transaction. Doing it again for the same job changes nothing.

    Without an event there are only recognitions, and those only of a camera: nobody could be shown others.
    """
    event = _event_of(session, order)
    if event is not None:
        event.module_results = {**event.module_results, order.module: dict(results)}
        event.modules_triggered = list(dict.fromkeys([*event.modules_triggered, order.module]))
    camera = event.camera_slug if event is not None else order.camera
    if camera is None or (event is None and order.event_uuid is not None) or _kept(session, order, camera):
        return
    for one in recognised:
        session.add(
            Recognition(
                event_id=event.id if event is not None else None,
                camera_slug=camera,
                kind=one["kind"],
                at=order.at,
                data={**one["data"], "job_id": order.job_id},
            )
        )


def _event_of(session: Session, order: ModuleOrder) -> Event | None:
    if order.event_uuid is None:
        return None
    # Locked: two specialists may have looked at one event, and each adds to the same column.
    return session.scalar(select(Event).where(Event.uuid == order.event_uuid).with_for_update())


def _kept(session: Session, order: ModuleOrder, camera: str) -> bool:
    found = session.scalars(
        select(Recognition.data).where(
            Recognition.kind.in_(("plate_read", "face_match")),
            Recognition.at == order.at,
            Recognition.camera_slug == camera,
        )
    )
    return any(data.get("job_id") == order.job_id for data in found)
