"""What was done of rules' sequences."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from shared.db.base import Base, UtcDateTime


class SequenceHit(Base):
    """Somebody did what a step of a rule's sequence asks, from `began_at` until `until` (capture times).

    `sequence` is the condition's digest: what was done for one that was changed since counts no more. Only the last
    step has a `body`, the JSON of the `PresenceBody` as it was last told: from it whoever learns that the sequence is
    complete makes the event; once it is `settled` nobody looks again. `ended_at` is when the presence was over.
    """

    __tablename__ = "sequence_hits"
    __table_args__ = (
        Index("ix_sequence_hits_step", "rule_slug", "sequence", "step", "began_at"),
        Index("ix_sequence_hits_until", "until"),
    )

    rule_slug: Mapped[str] = mapped_column(String(64), primary_key=True)
    sequence: Mapped[str] = mapped_column(String(16), primary_key=True)
    step: Mapped[int] = mapped_column(primary_key=True)
    presence_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    camera_slug: Mapped[str] = mapped_column(String(64))
    began_at: Mapped[datetime] = mapped_column(UtcDateTime)
    until: Mapped[datetime] = mapped_column(UtcDateTime)
    body: Mapped[str | None] = mapped_column(Text)
    settled: Mapped[bool] = mapped_column(default=False)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
