"""A new mailbox from the question to its answer: through the courier, as any other delivery."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from services.alerts.bootstrap import build_courier
from services.alerts.stored_recipients import stored_recipient, stored_recipients
from shared.accounts.audit import Actor
from shared.domain.recipient import VERIFICATION
from shared.recipients.answering import answerer_of, carry_out
from shared.recipients.links import open_links
from shared.recipients.registry import RecipientChange, RecipientRules, add_recipient, change_recipient
from shared.recipients.verification import ask_to_verify, verification_of
from tests.integration.alerts.conftest import Desk
from tests.unit.alerts.channel_on_hand import ChannelOnHand

ADA = RecipientChange(name="Ada", address={"email": "ada@example.org"})


class Mail(ChannelOnHand):
    """Reaches whom the table of recipients names."""

    def address(self, session: Session, recipient: str, *, decided_at: datetime) -> Any:
        row = stored_recipient(session, recipient, channel="email", decided_at=decided_at)
        return str(row.address["email"])


def test_a_mailbox_is_told_of_alerts_once_its_owner_has_answered(desk: Desk) -> None:
    mail, rules = Mail({}), RecipientRules(box=desk.box, verify_email=True)
    engine = desk.sessions.kw["bind"]
    courier = build_courier(
        desk.settings,
        engine,
        {"email": mail},
        enqueue=lambda hint: desk.enqueued.append(hint.id),
        now=lambda: desk.clock[0],
    )
    with desk.sessions.begin() as session:
        row = add_recipient(session, "email", ADA, account_id=1, rules=rules, now=desk.clock[0])
        assert ask_to_verify(session, row, now=desk.clock[0])
        number, delivery = row.id, verification_of(session, row)
        assert stored_recipients(session, "email") == []
    assert delivery is not None
    courier.deliver(delivery.id)
    (parcel,) = mail.sent
    assert (mail.told, parcel.notice.label, desk.delivery().state) == (["ada@example.org"], VERIFICATION, "sent")
    links = open_links(desk.settings, desk.box, now=lambda: desk.clock[0])
    link = links.read(links.token("verify", parcel.delivery_id))
    with desk.sessions.begin() as session:
        answerer, actor = answerer_of(session, link, for_update=True), Actor("Ada")
        done = carry_out(session, link, answerer, actor=actor, action="link.verify", now=desk.clock[0])
        assert done == "done"
        assert [each.id for each in stored_recipients(session, "email")] == [str(number)]


def test_a_mail_that_asks_for_an_older_address_is_called_off(desk: Desk) -> None:
    rules, now = RecipientRules(box=desk.box, verify_email=True), desk.clock[0]
    with desk.sessions.begin() as session:
        row = add_recipient(session, "email", ADA, account_id=1, rules=rules, now=now)
        ask_to_verify(session, row, now=now)
        first = verification_of(session, row)
        change_recipient(session, row, RecipientChange(address={"email": "eve@example.org"}), rules=rules, now=now)
        ask_to_verify(session, row, now=now)
        second = verification_of(session, row)
    assert first is not None
    assert second is not None
    assert (first.state, first.reason) == ("cancelled", "the recipient has another address now")
    assert (second.state, row.verified_at) == ("queued", None)
