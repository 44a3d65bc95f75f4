"""Keeping what a job found: with its event, as recognitions, and as appearances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.db.insert import insert
from shared.db.tables import Account, Appearance, Event, Recognition
from shared.modules.order import ModuleOrder


def keep(
    session: Session,
    order: ModuleOrder,
    *,
    results: Mapping[str, Any],
    recognised: Sequence[Mapping[str, Any]],
    vectors: Mapping[str, Sequence[float]] | None = None,
) -> None:
    """Write a job's results in the caller's transaction. Doing it again for the same job changes nothing.

    Without an event there are only recognitions and appearances, and those only of a camera: nobody could be shown
    others. `vectors` are by "kind:model" (`Finding.vectors`).
    """
    event = _event_of(session, order)
    if event is not None:
        event.module_results = {**event.module_results, order.module: dict(results)}
        event.modules_triggered = list(dict.fromkeys([*event.modules_triggered, order.module]))
    camera = event.camera_slug if event is not None else order.camera
    if camera is None or (event is None and order.event_uuid is not None):
        return
    for name, vector in (vectors or {}).items():
        _keep_appearance(session, order, name, vector, camera=camera, event=event, quality=_quality(results))
    if _kept(session, order, camera):
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


def _kept(session: Session, order: ModuleOrder, camera: str) -> bool:
    found = session.scalars(
        select(Recognition.data).where(
            Recognition.kind.in_(("plate_read", "face_match")),
            Recognition.at == order.at,
            Recognition.camera_slug == camera,
        )
    )
    return any(data.get("job_id") == order.job_id for data in found)
