"""What the alerts service tells of by itself, over a real database."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.alerts.channel import Channel
from services.alerts.policy import Manners, Recipient
from shared.db.engine import SessionFactory
from shared.db.tables import Alert, Delivery
from tests.unit.alerts.channel_on_hand import ChannelOnHand


class Subscribed(ChannelOnHand):
    """A channel whose recipients want to hear of what a test says."""

    def __init__(self, *people: Recipient) -> None:
        super().__init__({})
        self.people = list(people)

    def recipients(self, session: Session) -> list[Recipient]:
        return self.people


def person(name: str, *kinds: str, account_id: int | None = None, manners: Manners | None = None) -> Recipient:
    return Recipient("email", name, account_id, frozenset(kinds), manners or Manners())


def channels(*people: Recipient) -> dict[str, Channel]:
    return {"email": Subscribed(*people)}


def told(sessions: SessionFactory) -> Sequence[tuple[str, str, int | None]]:
    """Text, recipient and account of every delivery, in the order in which they were decided."""
    query = (
        select(Alert.notice["text"].as_string(), Delivery.recipient, Delivery.account_id)
        .join(Delivery, Delivery.alert_id == Alert.id)
        .order_by(Alert.decided_at, Delivery.recipient)
    )
    with sessions() as session:
        return [(text, recipient, account) for text, recipient, account in session.execute(query)]
