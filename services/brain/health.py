"""What befell cameras → events and gaps."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from services.brain import metrics, timeline
from services.brain.ledger import Ledger
from services.brain.site import SiteView
from shared.db.engine import SessionFactory
from shared.db.insert import insert
from shared.db.tables import CameraGap
from shared.messages.health import CameraCameUp, CameraWentDown, GapRecorded
from shared.messages.message import Message
from shared.streams import Received


class HealthHandler:
    """Handles a batch of health messages in one transaction."""

    def __init__(self, sessions: SessionFactory, *, now: Callable[[], datetime], committed: Callable[[], None]) -> None:
        self._sessions = sessions
        self._now = now
        self._committed = committed

    def __call__(self, batch: list[Received]) -> None:
        """Commit what follows from the messages. A second time with the same messages changes nothing."""
        with self._sessions.begin() as session:
            ledger = Ledger(session, SiteView(), now=self._now())
            for item in batch:
                _enter(session, ledger, item.message)
        for draft in ledger.entries.stored:
            metrics.EVENTS.labels(draft.kind).inc()
        if ledger.entries.told:
            self._committed()


def _enter(session: Session, ledger: Ledger, message: Message) -> None:
    if isinstance(message, CameraWentDown):
        if (camera := ledger.camera(message.camera)) is not None:
            detail = message.detail or message.fault.value
            ledger.raise_event(
                timeline.camera_down(camera, since=message.since, detail=detail, trace_id=message.trace_id)
            )
    elif isinstance(message, CameraCameUp):
        ledger.end_event(timeline.camera_down_id(message.camera, message.since), message.camera, at=message.at)
        if (camera := ledger.camera(message.camera)) is not None:
            ledger.raise_event(
                timeline.camera_up(camera, since=message.since, at=message.at, trace_id=message.trace_id)
            )
    elif isinstance(message, GapRecorded):
        values = {
            "camera_slug": message.camera,
            "started_at": message.started_at,
            "ended_at": message.ended_at,
            "fault": message.fault.value,
        }
        session.execute(insert(session, CameraGap).values(**values).on_conflict_do_nothing())
