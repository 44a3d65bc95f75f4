"""Whom channels can tell, besides webhooks."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from shared.db.base import NUMBERED_ONCE, Base, UtcDateTime


class RecipientRow(Base):
    """A person, chat or device that one channel can reach, and what it wants to be told, when.

    `address` is the JSON of the channel's model in `shared.recipients.addresses`, `secret_encrypted` what must not be
    shown (a token, a password). No account means the events of every account.

    `notification_types` are of `shared.domain.recipient`; `cameras` and `rules` are slugs (none: all), `min_severity`
    the least that is told. Within `quiet` (the JSON of a `Schedule`) and `cooldown_s` after the last notice, what is
    less severe than `urgent_severity` is held back and told as one digest afterwards; so it is until `muted_until`,
    whatever the severity. `after_s`: told only when nobody has acknowledged the alert for that long (escalation).

    `cooling_until` is when the last cooldown ends. `verified_at` is null where an address must be verified first and
    is not yet. `last_told_at` is when something last arrived.
    """

    __tablename__ = "recipients"
    __table_args__ = (Index("ix_recipients_channel_account_id", "channel", "account_id"), NUMBERED_ONCE)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    channel: Mapped[str] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(String(128))
    address: Mapped[dict[str, Any]] = mapped_column(JSON)
    secret_encrypted: Mapped[str | None] = mapped_column(Text)
    notification_types: Mapped[list[str]] = mapped_column(JSON)
    cameras: Mapped[list[str]] = mapped_column(JSON, default=list)
    rules: Mapped[list[str]] = mapped_column(JSON, default=list)
    min_severity: Mapped[int] = mapped_column(default=0)
    urgent_severity: Mapped[int | None]
    language: Mapped[str] = mapped_column(String(8), default="en")
    quiet: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    cooldown_s: Mapped[float] = mapped_column(default=0.0)
    after_s: Mapped[float] = mapped_column(default=0.0)
    enabled: Mapped[bool] = mapped_column(default=True)
    verified_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    muted_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cooling_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_told_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
