from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from services.alerts.notice import Notice
from services.alerts.stored_recipients import stored_recipient, stored_recipients
from shared.db.deliveries import Alert, Delivery
from shared.db.recipients import RecipientRow
from shared.domain.errors import Conflict
from shared.domain.recipient import VERIFICATION
from shared.recipients.verification import ask_to_verify, is_verification_of, verification_of
from tests.unit.shared_recipients.desk import NOW, recipient


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with Session(engine) as opened:
        yield opened


def _ask(session: Session, row: RecipientRow) -> Delivery:
    assert ask_to_verify(session, row, now=NOW)
    delivery = verification_of(session, row)
    assert delivery is not None
    return delivery


def test_a_verification_is_a_delivery_that_the_alerts_service_can_make(session: Session) -> None:
    row = recipient(session, verified_at=None)
    delivery = _ask(session, row)
    assert (delivery.state, delivery.due_at, delivery.channel, delivery.recipient) == ("queued", NOW, "email", "1")
    notice = Notice.model_validate(session.get_one(Alert, delivery.alert_id).notice)
    assert (notice.kind, notice.label) == ("system", VERIFICATION)
    assert "ada@example.org" in notice.text
    assert stored_recipients(session, "email") == []
    assert stored_recipient(session, delivery.recipient, channel="email", decided_at=delivery.created_at) is row


def test_it_is_sent_again_only_when_it_is_not_under_way_and_not_over_and_over(session: Session) -> None:
    row, later = recipient(session, verified_at=None), NOW + timedelta(minutes=1)
    delivery = _ask(session, row)
    assert not ask_to_verify(session, row, now=later)
    delivery.state, delivery.settled_at = "sent", NOW
    assert not ask_to_verify(session, row, now=later - timedelta(seconds=1))
    assert ask_to_verify(session, row, now=later)
    assert (delivery.state, delivery.due_at, delivery.created_at, delivery.settled_at) == ("queued", later, later, None)
    assert session.scalar(select(func.count()).select_from(Delivery)) == 1
    row.verified_at = later
    with pytest.raises(Conflict, match="verified already"):
        ask_to_verify(session, row, now=later)


def test_a_link_to_an_older_address_does_not_vouch_for_the_newer(session: Session) -> None:
    row = recipient(session, verified_at=None)
    alert = session.get_one(Alert, _ask(session, row).alert_id)
    assert is_verification_of(row, alert)
    row.address = {"email": "eve@example.org"}
    assert not is_verification_of(row, alert)
    assert _ask(session, row).alert_id != alert.id
