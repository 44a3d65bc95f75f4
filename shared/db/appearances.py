"""What bodies and faces looked like, kept to find the same person again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shared.db.base import Base, UtcDateTime


class Appearance(Base):
    """One vector of one presence, as a specialist's job found it.

    `kind` is "body" or "face"; only vectors of the same `kind` and `model` may be compared. `vector` holds
    little-endian 32-bit floats of unit length, `quality` (0..1) says what the pictures were worth, where that is
    known. `event_uuid` is bare; `camera_slug` stays when the camera is deleted. Personal data: goes with its account,
    and whoever removes a presence's pictures for good removes its rows by `presence_id` (or all before an `at`).
    """

    __tablename__ = "appearances"
    __table_args__ = (
        UniqueConstraint("job_id", "kind", "model"),
        Index("ix_appearances_account_id_model_at", "account_id", "model", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[str] = mapped_column(String(32))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    camera_slug: Mapped[str] = mapped_column(String(64), index=True)
    presence_id: Mapped[str | None] = mapped_column(String(36), index=True)
    event_uuid: Mapped[str | None] = mapped_column(String(36), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    model: Mapped[str] = mapped_column(String(80))
    vector: Mapped[bytes] = mapped_column(LargeBinary)
    quality: Mapped[float | None]
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
