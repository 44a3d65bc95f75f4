from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from shared.recipients.acknowledging import acknowledge
from tests.unit.shared_recipients.desk import NOW, alert, delivery, recipient


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with Session(engine) as opened:
        yield opened


def test_who_takes_note_first_stays(session: Session) -> None:
    about = alert(session)
    assert acknowledge(session, about, "Ada", NOW)
    assert not acknowledge(session, about, "Bob", NOW + timedelta(minutes=1))
    assert (about.acknowledged_by, about.acknowledged_at) == ("Ada", NOW)


def test_escalations_that_wait_are_called_off_and_nothing_else(session: Session) -> None:
    about, other = alert(session), alert(session, "alert-2")
    at_once, chief = recipient(session), recipient(session, channel="telegram", after_s=300)
    boss, told = recipient(session, after_s=600), recipient(session, after_s=60)
    waiting = [delivery(session, about, chief), delivery(session, about, boss, state="retrying")]
    kept = [
        delivery(session, about, at_once),
        delivery(session, about, told, state="sent"),
        delivery(session, other, chief),
    ]
    before = [row.state for row in kept]
    acknowledge(session, about, "Ada", NOW)
    for row in (*waiting, *kept):
        session.refresh(row)
    assert [(row.state, row.reason, row.settled_at) for row in waiting] == [
        ("cancelled", "acknowledged by Ada", NOW)
    ] * 2
    assert [row.state for row in kept] == before


def test_a_recipient_of_another_channel_with_the_same_number_is_another_one(session: Session) -> None:
    about, chief = alert(session), recipient(session, after_s=300)
    hook = delivery(session, about, chief)
    hook.channel = "webhook"
    session.flush()
    acknowledge(session, about, "Ada", NOW)
    session.refresh(hook)
    assert hook.state == "queued"
