"""Cases before the judge, and what it said of events."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from shared.db.base import Base, UtcDateTime


class Case(Base):
    """An event that the judge is asked about and has not spoken of; the row goes once that is settled.

    `withheld` is the `EventRaised` (JSON) that waits for the verdict and leaves without it at `due_at`; None once it
    has left. `told`: people heard of the event already. `evidence` are pictures beside the event's snapshot, relative
    to the media store. A worker that has the case in hand holds it until `lease_until`; `attempts` counts such times
    and names the one that may settle it. Nobody takes it up before `not_before`; `trouble` is what went wrong last.
    """

    __tablename__ = "cases"

    event_id: Mapped[int] = mapped_column(ForeignKey("events.id", ondelete="CASCADE"), primary_key=True)
    severity: Mapped[int]
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    withheld: Mapped[str | None] = mapped_column(Text)
    told: Mapped[bool]
    evidence: Mapped[list[str]] = mapped_column(JSON)
    attempts: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[datetime] = mapped_column(UtcDateTime)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    trouble: Mapped[str | None] = mapped_column(String(32))


class VerdictRow(Base):
    """What came of an event's case, once.

    `outcome` is `judged`, or why the verdict is `unverified`: `misfit` (its answers did not fit the schema), `refused`,
    `no_model`, `no_picture`, `unreachable`, `failed`, `timeout`, `overflow` (the queue was full). `in_time`: people
    heard of the event with the verdict, or not at all because of it. `evidence` are the pictures that were shown,
    relative to the media store; `latency_ms` is how long the judge took over its last answer.
    """

    __tablename__ = "verdicts"

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("events.id", ondelete="CASCADE"), unique=True)
    verdict: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(Text)
    threat_level: Mapped[int | None]
    description: Mapped[str | None] = mapped_column(Text)
    outcome: Mapped[str] = mapped_column(String(32))
    in_time: Mapped[bool]
    model: Mapped[str | None] = mapped_column(String(128))
    prompt_version: Mapped[str | None] = mapped_column(String(32))
    latency_ms: Mapped[int | None]
    evidence: Mapped[list[str]] = mapped_column(JSON)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
