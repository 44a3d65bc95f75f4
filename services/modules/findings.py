"""Keeping what a job found: with its event, as recognitions, and as appearances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from services.modules.merging import other_looks, replaces
from shared.db.insert import insert
from shared.db.tables import Account, Appearance, Event, Recognition
from shared.modules.notes import note
from shared.modules.order import ModuleOrder

_LONGEST_STAY: Final = timedelta(hours=1)


def keep(
    session: Session,
    order: ModuleOrder,
    *,
    results: Mapping[str, Any],
    recognised: Sequence[Mapping[str, Any]],
    vectors: Mapping[str, Sequence[float]] | None = None,
    now: datetime,
) -> None:
    """Write a job's results in the caller's transaction. Doing it again for the same job changes nothing.

    Without an event there are only recognitions and appearances, and those only of a camera: nobody could be shown
    others. `vectors` are by "kind:model" (`Finding.vectors`).
    """
    event = _event_of(session, order)
    if event is not None:
        if replaces(order, results, event.module_results.get(order.module)):
            event.module_results = {**event.module_results, order.module: dict(results)}
        event.modules_triggered = list(dict.fromkeys([*event.modules_triggered, order.module]))
    camera = event.camera_slug if event is not None else order.camera
    # A look of Argus' own names the event its presence has or may get; what somebody asked for is about one that was.
    gone = event is None and order.event_uuid is not None and order.look == 0
    if camera is None or gone:
        return
    for name, vector in (vectors or {}).items():
        _keep_appearance(session, order, name, vector, camera=camera, event=event, quality=_quality(results))
    if not recognised or _kept(session, order, camera):
        return
    earlier = _of_other_looks(session, order, camera)
    if earlier and order.look == 1:
        return
    for one in recognised:
        # What the first look named is named anew, by those who saw more, rather than a second time.
        row = earlier.pop(0) if earlier else Recognition(camera_slug=camera, stored_at=now)
        row.account_id = event.account_id if event is not None else order.account_id
        row.event_id = event.id if event is not None else None
        row.kind, row.at, row.data = one["kind"], order.at, {**one["data"], "job_id": order.job_id}
        session.add(row)
    for row in earlier:
        session.delete(row)


def _keep_appearance(
    session: Session,
    order: ModuleOrder,
    name: str,
    vector: Sequence[float],
    *,
    camera: str,
    event: Event | None,
    quality: float | None,
) -> None:
    account_id = event.account_id if event is not None else order.account_id
    if account_id is not None and session.get(Account, account_id) is None:
        return  # deleted meanwhile, and its appearances with it
    kind, _, model = name.partition(":")
    session.execute(
        insert(session, Appearance)
        .values(
            job_id=order.job_id,
            account_id=account_id,
            camera_slug=camera,
            presence_id=order.presence_id or (event.presence_id if event is not None else None),
            event_uuid=order.event_uuid,
            kind=kind,
            model=model,
            vector=np.asarray(vector, "<f4").tobytes(),
            quality=quality,
            at=order.at,
        )
        .on_conflict_do_nothing(index_elements=["job_id", "kind", "model"])
    )


def _quality(results: Mapping[str, Any]) -> float | None:
    embedding = results.get("embedding")
    return embedding.get("quality") if isinstance(embedding, Mapping) else None


def _event_of(session: Session, order: ModuleOrder) -> Event | None:
    if order.event_uuid is None:
        return None
    # Locked: two specialists may have looked at one event, and each adds to the same column.
    return session.scalar(select(Event).where(Event.uuid == order.event_uuid).with_for_update())


def _of_other_looks(session: Session, order: ModuleOrder, camera: str) -> list[Recognition]:
    jobs = other_looks(order)
    if not jobs:
        return []
    found = session.scalars(
        select(Recognition)
        .where(
            Recognition.kind.in_(("plate_read", "face_match")),
            Recognition.at.between(order.at - _LONGEST_STAY, order.at + _LONGEST_STAY),
            Recognition.camera_slug == camera,
        )
        .order_by(Recognition.id)
    )
    return [row for row in found if row.data.get("job_id") in jobs]


def note_failure(session: Session, order: ModuleOrder, reason: str) -> None:
    """Say with the event of a look that it failed, in the caller's transaction."""
    if order.look and order.event_uuid is not None:
        note(session, order.event_uuid, order.module, status="failed", reason=reason)


def _kept(session: Session, order: ModuleOrder, camera: str) -> bool:
    found = session.scalars(
        select(Recognition.data).where(
            Recognition.kind.in_(("plate_read", "face_match")),
            Recognition.at == order.at,
            Recognition.camera_slug == camera,
        )
    )
    return any(data.get("job_id") == order.job_id for data in found)
