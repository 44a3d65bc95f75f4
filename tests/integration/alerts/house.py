"""The alerts' parts around a channel that a test holds in its hands, with recipients in a real database."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Self

from pydantic import BaseModel
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from services.alerts.answering import AnswerDesk
from services.alerts.arrivals import Arrivals
from services.alerts.bootstrap import build_courier
from services.alerts.channel import Channel, Parcel, Receipt
from services.alerts.courier import Courier
from services.alerts.fanout import FanoutHandler
from services.alerts.policy import Recipient
from services.alerts.stored_recipients import stored_recipient, stored_recipients
from services.alerts.sweeper import Sweeper
from shared.db.engine import SessionFactory, read_sessions, sessions
from shared.db.secrets import SecretBox
from shared.db.tables import Account, Alert, Delivery, Event, RecipientRow
from shared.domain import ids
from shared.messages.events import EventJudged, EventRaised
from shared.messages.message import Message
from shared.settings import Settings
from shared.streams import Received

NIGHT = {"timezone": "UTC", "windows": [{"from": "22:00", "to": "06:00"}]}
NOON = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)


class NoOptions(BaseModel):
    """It has none."""


@dataclass
class Pocket:
    """A channel that keeps what it is given; `fails` may raise before it does."""

    name: str
    can_amend: bool = True
    has_digests: bool = True
    fails: Callable[[Parcel], None] = lambda parcel: None
    sent: list[Parcel] = field(default_factory=list)

    settings_type: ClassVar[type[BaseModel]] = NoOptions

    def __post_init__(self) -> None:
        self._numbers = itertools.count(1)

    @classmethod
    def open(cls, settings: Settings, options: Any, box: SecretBox) -> Self:
        raise NotImplementedError

    @property
    def timeout_s(self) -> float:
        return 1.0

    def recipients(self, session: Session) -> list[Recipient]:
        return [replace(each, has_digests=self.has_digests) for each in stored_recipients(session, self.name)]

    def address(self, session: Session, recipient: str, *, decided_at: datetime) -> Any:
        return stored_recipient(session, recipient, channel=self.name, decided_at=decided_at).address

    def send(self, address: Any, parcel: Parcel) -> Receipt:
        self.fails(parcel)
        self.sent.append(parcel)
        return Receipt({"message_id": next(self._numbers)})

    def abort(self) -> None:
        """Nothing is ever under way."""

    def close(self) -> None:
        """Nothing is held."""

    @property
    def texts(self) -> list[str]:
        return [parcel.notice.text for parcel in self.sent]


class House:
    """Fan-out, courier, sweeper and answers on one clock."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.sessions: SessionFactory = sessions(engine)
        self.clock = NOON
        self.line, self.mqtt = Pocket("line"), Pocket("mqtt", can_amend=False)
        self.channels: Mapping[str, Channel] = {"line": self.line, "mqtt": self.mqtt}
        self.enqueued: list[str] = []
        self.arrivals = Arrivals(self.sessions)
        self.fanout = self.another_fanout()
        self.courier: Courier = build_courier(
            Settings(),
            engine,
            self.channels,
            enqueue=lambda hint: self.enqueued.append(hint.id),
            now=lambda: self.clock,
            arrivals=self.arrivals,
        )
        self.sweeper = Sweeper(
            read_sessions(engine),
            enqueue=lambda hint: self.courier.deliver(hint.id),
            queued=lambda _: 0,
            per_recipient=4,
            interval_s=1,
            now=lambda: self.clock,
            monotonic=lambda: self.clock.timestamp(),  # noqa: PLW0108 – the clock is another one later
        )
        self.answers = AnswerDesk(self.sessions, now=lambda: self.clock)
        with self.sessions.begin() as session:
            session.add(Account(id=1, username="anna", password_hash="x", role="admin", created_at=NOON))

    def another_fanout(self) -> FanoutHandler:
        """One more replica of the service."""
        return FanoutHandler(
            self.sessions,
            self.channels,
            enqueue=lambda hint: self.enqueued.append(hint.id),
            per_recipient=4,
            now=lambda: self.clock,
        )

    def recipient(self, channel: str = "line", **fields: Any) -> int:
        made = {
            "account_id": 1,
            "channel": channel,
            "name": "Anna",
            "address": {},
            "notification_types": ["alerts", "system_status"],
            "verified_at": NOON,
            "created_at": NOON - timedelta(days=1),
            "updated_at": NOON,
            **fields,
        }
        with self.sessions.begin() as session:
            row = RecipientRow(**made)
            session.add(row)
            session.flush()
            return row.id

    def change(self, number: int, **fields: Any) -> None:
        with self.sessions.begin() as session:
            row = session.get_one(RecipientRow, number)
            for name, value in fields.items():
                setattr(row, name, value)

    def row(self, number: int) -> RecipientRow:
        with self.sessions() as session:
            return session.get_one(RecipientRow, number)

    def store_event(self, number: int) -> None:
        """The event as the brain would have stored it."""
        with self.sessions.begin() as session:
            event = raised(number)
            session.add(
                Event(
                    uuid=event.event_id,
                    account_id=1,
                    camera_slug=event.camera,
                    kind="detection",
                    label=event.label,
                    confidence=event.confidence,
                    severity=1,
                    rules=[],
                    zones=[],
                    started_at=NOON,
                    occurred_at=NOON,
                    stored_at=NOON,
                )
            )

    def tell(self, *messages: Message, by: FanoutHandler | None = None) -> None:
        (by or self.fanout)([Received("events", b"1-0", message, {}) for message in messages])

    def forward(self, **delta: float) -> None:
        """Let time pass, then make whatever is due."""
        self.clock += timedelta(**delta)
        self.deliver()

    def deliver(self) -> None:
        """Make everything that is due now, until nothing more is."""
        while True:
            before = [(row.id, row.state, row.due_at) for row in self.deliveries()]
            for row in self.deliveries():
                self.courier.deliver(row.id)
            if before == [(row.id, row.state, row.due_at) for row in self.deliveries()]:
                return

    def deliveries(self, **wanted: Any) -> list[Delivery]:
        with self.sessions() as session:
            query = select(Delivery).filter_by(**wanted).order_by(Delivery.created_at, Delivery.due_at, Delivery.id)
            return list(session.scalars(query))

    def states(self, purpose: str = "notice") -> list[str]:
        return sorted(row.state for row in self.deliveries(purpose=purpose))

    def alert(self, number: int = 1) -> Alert:
        with self.sessions() as session:
            return session.get_one(Alert, ids.alert_id(f"event-{number}"))


def raised(number: int = 1, **fields: Any) -> EventRaised:
    values = {"event_id": f"event-{number}", "channels": (), "captured_at": NOON, "text": f"person {number}"}
    return EventRaised.example().model_copy(update={**values, **fields})


def judged(number: int = 1, verdict: str = "confirmed", *, at_s: float = 5.0) -> EventJudged:
    said = {"ai_response": f"The judge says: {verdict}.", "verdict": verdict, "threat_level": 2}
    at = NOON + timedelta(seconds=at_s)
    return EventJudged.example().model_copy(update={"event_id": f"event-{number}", "at": at, **said})


def at_once(*calls: Callable[[], object]) -> None:
    """Run all of them at the same time, each on a thread of its own; the first fault of any is raised."""
    faults: list[Exception] = []
    start = threading.Barrier(len(calls))

    def run(call: Callable[[], object]) -> None:
        start.wait(10)
        try:
            call()
        except Exception as fault:  # noqa: BLE001 – it is raised below
            faults.append(fault)

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]
