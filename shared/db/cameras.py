"""Cameras, their zones and the times without footage."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from shared.db.base import NUMBERED_ONCE, Base, UtcDateTime


class Camera(Base):
    """One video source. The URL is stored encrypted and shown only as `url_masked`."""

    __tablename__ = "cameras"
    __table_args__ = NUMBERED_ONCE

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(64), unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(128))
    url_encrypted: Mapped[str] = mapped_column(String(4096))
    url_masked: Mapped[str] = mapped_column(String(2048))
    enabled: Mapped[bool] = mapped_column(default=True)
    options: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)

    zones: Mapped[list[ZoneRow]] = relationship(
        back_populates="camera", cascade="all, delete-orphan", order_by="ZoneRow.id", lazy="selectin"
    )


class ZoneRow(Base):
    """A named polygon; `points` are normalised pairs (0..1) of the picture's width and height."""

    __tablename__ = "zones"
    __table_args__ = (UniqueConstraint("camera_id", "name"), NUMBERED_ONCE)

    id: Mapped[int] = mapped_column(primary_key=True)
    camera_id: Mapped[int] = mapped_column(ForeignKey("cameras.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(128))
    points: Mapped[list[list[float]]] = mapped_column(JSON)
    labels: Mapped[list[str]] = mapped_column(JSON, default=list)
    sensitivity: Mapped[float] = mapped_column(default=1.0)
    alert_duration_s: Mapped[float] = mapped_column(default=0.0)
    notification_enabled: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=lambda: datetime.now(UTC))

    camera: Mapped[Camera] = relationship(back_populates="zones")


class CameraGap(Base):
    """A time without footage."""

    __tablename__ = "camera_gaps"
    __table_args__ = (UniqueConstraint("camera_slug", "started_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    camera_slug: Mapped[str] = mapped_column(String(64), index=True)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime] = mapped_column(UtcDateTime)
    fault: Mapped[str] = mapped_column(String(32))
