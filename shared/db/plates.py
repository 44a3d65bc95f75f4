"""Number plates that people want to be told of, or not."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shared.db.base import Base, UtcDateTime


class ListedPlate(Base):
    """A plate on an account's allow or deny list.

    `plate` is as people write it, `compact` the same in capitals without anything but letters and digits: what reads
    are compared with.
    """

    __tablename__ = "listed_plates"
    __table_args__ = (
        UniqueConstraint("account_id", "compact"),
        Index("ix_listed_plates_compact", "compact"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    plate: Mapped[str] = mapped_column(String(32))
    compact: Mapped[str] = mapped_column(String(32))
    listing: Mapped[str] = mapped_column(String(8))
    note: Mapped[str | None] = mapped_column(Text)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
