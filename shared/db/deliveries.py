"""How people are told: webhooks, alerts, deliveries and every attempt."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shared.db.base import NUMBERED_ONCE, Base, UtcDateTime


class Webhook(Base):
    """An HTTP endpoint to tell. Token and signing secret are stored encrypted.

    `events` are of detection, alert, camera_down, camera_up; `auth_type` is none, bearer, basic or header.
    """

    __tablename__ = "webhooks"
    __table_args__ = NUMBERED_ONCE

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(128))
    url: Mapped[str] = mapped_column(String(2048))
    events: Mapped[list[str]] = mapped_column(JSON)
    auth_type: Mapped[str] = mapped_column(String(16), default="none")
    auth_name: Mapped[str | None] = mapped_column(String(128))
    token_encrypted: Mapped[str | None] = mapped_column(Text)
    secret_encrypted: Mapped[str | None] = mapped_column(Text)
    enabled: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Alert(Base):
    """The decision to tell people about an event.

    `revision` counts how often `notice` was amended since (a verdict came): who was told an earlier one is told again,
    by an edit of the message where the channel can. `acknowledged_by` is a person's name or address.
    """

    __tablename__ = "alerts"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    event_uuid: Mapped[str] = mapped_column(String(36), unique=True)
    account_id: Mapped[int | None] = mapped_column(index=True)
    notice: Mapped[dict[str, Any]] = mapped_column(JSON)
    decided_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    revision: Mapped[int] = mapped_column(default=0)
    acknowledged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    acknowledged_by: Mapped[str | None] = mapped_column(String(200))


class Delivery(Base):
    """One attempt-history of telling one recipient.

    `state`: queued → sending → sent | retrying | failed | dead. A row in `sending` whose `lease_until` has
    passed was held by a worker that died; it is taken up again and `doubtful` counts that. `cancelled` is one that was
    to escalate and need not any more; `held` one that waits to be told in the digest `digest_id` (the digest's alert),
    with which it is `sent`.

    `purpose` is notice (told as soon as can be), escalation (told when nobody has acknowledged the alert by `due_at`),
    digest, or amendment (changes what the recipient was told of the alert before). `revision` is the alert's that is
    told.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("alert_id", "channel", "recipient", "revision"),
        Index("ix_deliveries_state_due_at", "state", "due_at"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    alert_id: Mapped[str] = mapped_column(ForeignKey("alerts.id", ondelete="CASCADE"), index=True)
    event_uuid: Mapped[str] = mapped_column(String(36), index=True)
    account_id: Mapped[int | None] = mapped_column(index=True)
    channel: Mapped[str] = mapped_column(String(32))
    recipient: Mapped[str] = mapped_column(String(255))
    purpose: Mapped[str] = mapped_column(String(16), default="notice")
    revision: Mapped[int] = mapped_column(default=0)
    digest_id: Mapped[str | None] = mapped_column(String(36), index=True)
    state: Mapped[str] = mapped_column(String(16), default="queued")
    attempts: Mapped[int] = mapped_column(default=0)
    doubtful: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(Text, default="")
    receipt: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


class DeliveryAttempt(Base):
    """One try: when, how it ended, how long it took."""

    __tablename__ = "delivery_attempts"

    id: Mapped[int] = mapped_column(primary_key=True)
    delivery_id: Mapped[str] = mapped_column(ForeignKey("deliveries.id", ondelete="CASCADE"), index=True)
    number: Mapped[int]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    outcome: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(Text, default="")
    duration_ms: Mapped[float] = mapped_column(default=0.0)


class Judgement(Base):
    """What the judge said of an event whose alert is not stored yet; it goes into the alert's notice, then away.

    What is left after a day spoke of events that nobody was told of.
    """

    __tablename__ = "judgements"

    event_uuid: Mapped[str] = mapped_column(String(36), primary_key=True)
    verdict: Mapped[str] = mapped_column(String(16))
    ai_response: Mapped[str] = mapped_column(Text)
    threat_level: Mapped[int | None]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    stored_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
