"""What rules made of presences, for a day."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from shared.db.base import Base, UtcDateTime


class DecisionRow(Base):
    """One presence: how it was last known, and what each rule of its camera made of it.

    `state` is the JSON of a `PresenceBody`, `decisions` those of `shared.rules.decision.Decision`. `is_told`: a rule
    fired. `ended_at` is null while it is there. The row goes a day after `noted_at`.
    """

    __tablename__ = "decisions"
    __table_args__ = (
        Index("ix_decisions_camera_slug_started_at", "camera_slug", "started_at", "presence_id"),
        Index("ix_decisions_noted_at", "noted_at"),
    )

    presence_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    account_id: Mapped[int | None]
    camera_slug: Mapped[str] = mapped_column(String(64))
    label: Mapped[str] = mapped_column(String(64))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    noted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    is_told: Mapped[bool]
    state: Mapped[dict[str, Any]] = mapped_column(JSON)
    decisions: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
