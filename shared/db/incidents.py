"""Events that belong together: the brain's incidents, and what people were told of them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from shared.db.base import Base, UtcDateTime


class Incident(Base):
    """Events of one rule, or about one thing, that followed each other within the rule's window.

    `id` is derived from the first event, `rule_slug` names the rule that began it.

    Times are capture times of deciding frames; `camera_slug` is the first event's, `severity` the highest so far.
    """

    __tablename__ = "incidents"
    __table_args__ = (Index("ix_incidents_account_id_last_at_id", "account_id", "last_at", "id"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    account_id: Mapped[int | None]
    rule_slug: Mapped[str] = mapped_column(String(64))
    camera_slug: Mapped[str] = mapped_column(String(64))
    began_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)
    events: Mapped[int]
    severity: Mapped[int]


class IncidentSlot(Base):
    """Where the newest incident of a rule stands: one per account, or per camera. Locked by whoever adds an event.

    One without a rule is a camera's, held by whoever adds an event about a thing; it names no incident that counts.
    """

    __tablename__ = "incident_slots"

    rule_slug: Mapped[str] = mapped_column(String(64), primary_key=True)
    place: Mapped[str] = mapped_column(String(80), primary_key=True)
    incident_id: Mapped[str] = mapped_column(String(36), default="")


class IncidentAlert(Base):
    """The alert by which people hear of an incident now, and the highest severity they were told."""

    __tablename__ = "incident_alerts"

    incident_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    alert_id: Mapped[str] = mapped_column(String(36), default="")
    severity: Mapped[int] = mapped_column(default=0)


class IncidentTelling(Base):
    """By which alert people hear of an event of an incident: its own, or an earlier one's that was amended.

    `verdict` and what goes with it are the judge's on this event, `judged_at` is there where it came after the telling.
    """

    __tablename__ = "incident_tellings"

    event_uuid: Mapped[str] = mapped_column(String(36), primary_key=True)
    incident_id: Mapped[str] = mapped_column(ForeignKey("incident_alerts.incident_id", ondelete="CASCADE"), index=True)
    alert_id: Mapped[str] = mapped_column(String(36))
    verdict: Mapped[str | None] = mapped_column(String(16))
    ai_response: Mapped[str | None] = mapped_column(Text)
    threat_level: Mapped[int | None]
    judged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
