"""What befalls cameras becomes events and gaps, once."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from services.brain.bootstrap import Brain
from shared.db.engine import SessionFactory
from shared.db.tables import CameraGap, Event, OutboxRow
from shared.messages.health import CameraCameUp, CameraWentDown, GapRecorded
from shared.messages.message import Message
from shared.streams import Received
from tests.integration.brain.conftest import AT

DOWN = CameraWentDown.example().model_copy(update={"camera": "door", "since": AT})
UP = CameraCameUp(camera="door", since=AT, at=AT + timedelta(minutes=12))
GAP = GapRecorded.example().model_copy(update={"camera": "door", "started_at": AT})


def handle(brain: Brain, *messages: Message) -> None:
    brain.health([Received("health", b"1-0", message, {}) for message in messages])


def test_a_fault_and_its_end_are_two_events_and_one_gap(brain: Brain, site: SessionFactory) -> None:
    for _ in range(2):
        handle(brain, DOWN, GAP)
        handle(brain, UP, GAP)
    with site() as session:
        down, up = session.scalars(select(Event).order_by(Event.id)).all()
        assert (down.kind, down.ended_at, up.kind, up.occurred_at) == ("camera_down", UP.at, "camera_up", UP.at)
        assert len(session.scalars(select(CameraGap)).all()) == 1
        kinds = session.scalars(select(OutboxRow.kind).order_by(OutboxRow.id)).all()
    assert kinds == ["EventRaised", "EventEnded", "EventRaised"]


def test_the_fault_of_a_camera_that_is_gone_is_no_event(brain: Brain, site: SessionFactory) -> None:
    handle(brain, DOWN.model_copy(update={"camera": "attic"}), DOWN.model_copy(update={"camera": "nowhere"}))
    with site() as session:
        assert session.scalars(select(Event)).all() == []
