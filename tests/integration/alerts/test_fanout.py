"""Events become alerts and deliveries, once."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import select

from services.alerts.configured import sync_webhooks
from shared.db.tables import Account, Alert, Webhook
from shared.settings import Settings
from tests.integration.alerts.conftest import Desk, event
from tests.integration.alerts.receiver import Receiver


def test_each_recipient_gets_one_delivery_and_telling_again_adds_nothing(desk: Desk, receiver: Receiver) -> None:
    first, second = desk.webhook(receiver.url("/a")), desk.webhook(receiver.url("/b"))
    desk.webhook(receiver.url("/c"), events=["camera_down"])
    desk.webhook(receiver.url("/d"), enabled=False)
    desk.tell(event(), event())
    desk.tell(event())
    assert sorted(delivery.recipient for delivery in desk.deliveries()) == sorted([str(first), str(second)])
    with desk.sessions() as session:
        assert len(session.scalars(select(Alert)).all()) == 1


def test_an_event_that_nobody_asked_for_leaves_no_alert(desk: Desk) -> None:
    desk.tell(event())
    with desk.sessions() as session:
        assert session.scalars(select(Alert)).all() == []


def test_an_event_told_again_with_more_channels_reaches_the_new_ones_alone(desk: Desk, receiver: Receiver) -> None:
    desk.webhook(receiver.url("/a"))
    desk.tell(event(channels=("email",)))
    assert desk.deliveries() == []
    desk.tell(event(channels=("email", "webhook")))
    desk.tell(event(channels=("email", "webhook")))
    assert len(desk.deliveries()) == 1


def test_webhooks_of_an_account_hear_of_its_own_events_alone(desk: Desk, receiver: Receiver) -> None:
    with desk.sessions.begin() as session:
        session.add(Account(id=2, username="bert", password_hash="x", role="operator", created_at=datetime.now(UTC)))
    desk.webhook(receiver.url("/a"), account_id=2)
    mine, all_of_them = desk.webhook(receiver.url("/b"), account_id=1), desk.webhook(receiver.url("/c"))
    desk.tell(event(account_id=1))
    assert [int(delivery.recipient) for delivery in desk.deliveries()] == [mine, all_of_them]


def configured(desk: Desk, **webhooks: object) -> list[Webhook]:
    settings = Settings.model_validate({**desk.settings.model_dump(), "webhooks": webhooks})
    with desk.sessions.begin() as session:
        sync_webhooks(session, settings, desk.box, now=desk.clock[0])
    with desk.sessions() as session:
        return list(session.scalars(select(Webhook).order_by(Webhook.id)))


def test_webhooks_of_the_configuration_are_added_changed_and_switched_off(desk: Desk) -> None:
    one = {"url": "https://one.example/x", "auth_type": "bearer", "token": "t-1"}
    two = {"url": "https://two.example/x", "events": ["camera_down"]}
    first = configured(desk, endpoints=[one, two])
    assert [(row.url, row.account_id, row.enabled) for row in first] == [
        (one["url"], None, True),
        (two["url"], None, True),
    ]
    assert "t-1" not in str(first[0].token_encrypted)
    assert desk.box.open(str(first[0].token_encrypted)) == "t-1"

    again = configured(desk, endpoints=[two, {**one, "token": "t-2"}])
    assert [row.id for row in again] == [row.id for row in first]
    assert desk.box.open(str(again[0].token_encrypted)) == "t-2"

    assert [row.enabled for row in configured(desk, endpoints=[one])] == [True, False]
    assert [row.enabled for row in configured(desk, enabled=False, endpoints=[one])] == [False, False]


def test_webhooks_that_people_made_are_left_alone_by_the_configuration(desk: Desk) -> None:
    own = desk.webhook("https://one.example/x", account_id=1, name="argus.yaml")
    rows = configured(desk, endpoints=[])
    assert [(row.id, row.enabled) for row in rows] == [(own, True)]
