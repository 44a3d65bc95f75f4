"""A receiver, webhooks that point at it, events to tell, and the alerts service and its worker."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import Engine, select

from services.alerts.bootstrap import Alerts, build, build_courier
from services.alerts.channel import Channel, open_channels
from services.alerts.courier import Courier
from shared.db.engine import SessionFactory, connect, sessions
from shared.db.migrate import upgrade
from shared.db.secrets import SecretBox, installation_key
from shared.db.tables import Account, Delivery, DeliveryAttempt, Webhook
from shared.messages.events import EventRaised
from shared.messages.topics import EVENTS
from shared.settings import Settings
from shared.streams import Publisher, Received
from tests.integration.alerts.house import House
from tests.integration.alerts.receiver import Receiver

AT = datetime(2026, 1, 15, 10, 30, 45, 123000, tzinfo=UTC)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


def fast_settings(data_dir: Path, redis_url: str, database_url: str, **alerts: object) -> Settings:
    """Fast retries, short leases, and webhooks to loopback, which have time enough on a busy machine."""
    return Settings.model_validate(
        {
            "data_dir": data_dir,
            "redis_url": redis_url,
            "database_url": database_url,
            "alerts": {
                "webhook_allow_private": True,
                "webhook_timeout_s": 20.0,
                "backoff_base_s": 0.05,
                "backoff_cap_s": 0.2,
                "lease_s": 1.0,
                "sweep_interval_s": 0.1,
                **alerts,
            },
        }
    )


@dataclass
class Desk:
    """The alerts' parts, called by the test on its own thread and with its own clock."""

    settings: Settings
    sessions: SessionFactory
    box: SecretBox
    alerts: Alerts
    channels: dict[str, Channel]
    courier: Courier
    clock: list[datetime]
    enqueued: list[str] = field(default_factory=list)

    def webhook(self, url: str, **fields: object) -> int:
        values = {"account_id": None, "name": url, "url": url, "events": ["detection"], **fields}
        with self.sessions.begin() as session:
            row = Webhook(**values, created_at=AT, updated_at=AT)
            session.add(row)
            session.flush()
            return row.id

    def tell(self, *events: EventRaised) -> None:
        self.alerts.fanout([Received("events", b"1-0", event, {}) for event in events])

    def deliveries(self) -> list[Delivery]:
        with self.sessions() as session:
            return list(session.scalars(select(Delivery).order_by(Delivery.recipient, Delivery.id)))

    def delivery(self) -> Delivery:
        (only,) = self.deliveries()
        return only

    def attempts(self) -> list[DeliveryAttempt]:
        with self.sessions() as session:
            return list(session.scalars(select(DeliveryAttempt).order_by(DeliveryAttempt.id)))


def event(number: int = 1, **fields: object) -> EventRaised:
    return EventRaised.example().model_copy(update={"event_id": f"event-{number}", **fields})


@pytest.fixture
def make_desk(tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    """Makes desks on a Redis and a database that may be empty."""
    made: list[Desk] = []

    def make(redis_url: str, database_url: str, **alerts: object) -> Desk:
        settings = fast_settings(tmp_path / "data", redis_url, database_url, **alerts)
        clock = [datetime.now(UTC)]
        engine = connect(database_url)
        upgrade(engine)
        factory = sessions(engine)
        with factory.begin() as session:
            session.add(Account(id=1, username="anna", password_hash="x", role="admin", created_at=AT))
        alerts = build(settings, now=lambda: clock[0])
        box = SecretBox(installation_key(settings.data_dir, None))
        channels = open_channels(settings, box)
        enqueued: list[str] = []
        courier = build_courier(
            settings, engine, channels, enqueue=lambda hint: enqueued.append(hint.id), now=lambda: clock[0]
        )
        made.append(Desk(settings, factory, box, alerts, channels, courier, clock, enqueued))
        return made[-1]

    yield make
    for desk in made:
        for channel in desk.channels.values():
            channel.close()
        desk.alerts.close()
        desk.sessions.kw["bind"].dispose()


@pytest.fixture
def desk(make_desk: Callable[..., Desk], redis_url: str, database_url: str) -> Desk:
    return make_desk(redis_url, database_url)


@pytest.fixture
def service(desk: Desk) -> Iterator[Alerts]:
    """The alerts service at work on threads of this process."""
    made = build(desk.settings, instance="alerts-0")
    stop = threading.Event()
    thread = threading.Thread(target=made.run, args=(stop,))
    thread.start()
    yield made
    stop.set()
    thread.join(timeout=10)
    assert not thread.is_alive()


@pytest.fixture
def publish(redis: Redis) -> Callable[..., None]:
    publisher = Publisher(redis)

    def publish_all(*events: EventRaised) -> None:
        for each in events:
            publisher.publish(EVENTS, each)

    return publish_all


@pytest.fixture
def house(engine: Engine) -> House:
    return House(engine)
