"""Telling people of something by hand, and putting away what was read."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from services.gateway.auth.principal import Principal
from services.gateway.gateway import Gateway
from services.gateway.queries.cameras import one_camera
from services.gateway.queries.notifications import event_behind, has_anybody_to_tell
from services.gateway.queries.own_pictures import is_own_picture
from shared.accounts.audit import record
from shared.db.cameras import Camera
from shared.db.deliveries import Alert
from shared.db.events import Event
from shared.db.outbox import outbox_row
from shared.domain.ids import alert_id
from shared.messages.events import EventRaised
from shared.messages.topics import EVENTS


@dataclass(frozen=True, slots=True)
class NewNotification:
    """`camera` is a slug; `image_path` one of the media store, left out where no event of the account shows it."""

    camera: str
    message: str
    label: str
    confidence: float
    image_path: str | None = None
    region: str | None = None
    metadata: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """`reaches_anybody`: somebody is there to be told; the telling goes on after the answer."""

    event: Event
    reaches_anybody: bool


def notify(gateway: Gateway, principal: Principal, new: NewNotification) -> Sent:
    """Store an event that says this, and have the account's channels tell of it. Raises `NotFound`.

    Event and alert are there once it returns; the order to tell is stored with them, so it is lost with neither.
    """
    now = gateway.now()
    with gateway.writing() as session:
        camera = one_camera(session, new.camera, account_id=principal.visible_account)
        event = _event(new, camera, picture=_own_picture(session, principal, new.image_path), now=now)
        session.add(event)
        session.flush()
        raised = _raised(event, camera, message=new.message)
        # Stored here too: its words are the alert's, and are listed where nobody is to be told.
        session.add(_alert(raised, now=now))
        session.add(outbox_row(EVENTS, raised, now=now))
        record(session, principal.actor, action="notification.add", target=f"event:{event.uuid}", now=now)
        reaches = has_anybody_to_tell(session, event.account_id)
    return Sent(event, reaches)


def mark_read(gateway: Gateway, principal: Principal, number: int, *, read: bool) -> None:
    """Note that somebody has read it, or has not. Raises `NotFound`."""
    now = gateway.now()
    with gateway.writing() as session:
        event = event_behind(session, number, account_id=principal.visible_account)
        event.read_at = (event.read_at or now) if read else None
        record(session, principal.actor, action="notification.change", target=f"notification:{number}", now=now)


def dismiss(gateway: Gateway, principal: Principal, number: int) -> None:
    """Take it off the list; event and deliveries stay on record. Raises `NotFound`."""
    now = gateway.now()
    with gateway.writing() as session:
        event_behind(session, number, account_id=principal.visible_account).dismissed_at = now
        record(session, principal.actor, action="notification.remove", target=f"notification:{number}", now=now)


def _own_picture(session: Session, principal: Principal, path: str | None) -> str | None:
    is_own = path is not None and is_own_picture(session, path, account_id=principal.visible_account)
    return path if is_own else None


def _event(new: NewNotification, camera: Camera, *, picture: str | None, now: datetime) -> Event:
    return Event(
        uuid=str(uuid.uuid4()),
        account_id=camera.account_id,
        camera_slug=camera.slug,
        kind="detection",
        label=new.label,
        confidence=new.confidence,
        severity=1,
        rules=[],
        zones=[new.region] if new.region else [],
        started_at=now,
        ended_at=now,
        occurred_at=now,
        stored_at=now,
        snapshot=picture,
        modules_triggered=[],
        module_results={"notification": dict(new.metadata)} if new.metadata else {},
    )


def _raised(event: Event, camera: Camera, *, message: str) -> EventRaised:
    return EventRaised(
        event_id=event.uuid,
        account_id=event.account_id,
        camera=camera.slug,
        camera_name=camera.name,
        kind="detection",
        label=event.label,
        confidence=event.confidence,
        zones=tuple(event.zones),
        captured_at=event.occurred_at,
        stored_at=event.stored_at,
        snapshot=event.snapshot,
        text=message,
    )


def _alert(raised: EventRaised, *, now: datetime) -> Alert:
    return Alert(
        id=alert_id(raised.event_id),
        event_uuid=raised.event_id,
        account_id=raised.account_id,
        notice=_notice(raised),
        decided_at=now,
    )


def _notice(raised: EventRaised) -> dict[str, Any]:
    """As the alerts service stores it: a notice has the names of the event's message."""
    return raised.model_dump(mode="json", exclude={"channels", "recipients"})
