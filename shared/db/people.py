"""People who were introduced to Argus, and the faces that were kept."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from shared.db.base import Base, UtcDateTime


class Person(Base):
    """Somebody whose face an account's cameras shall recognise, while `enabled`.

    `updated_at` moves whenever the person or a face of theirs changes: galleries are read anew by it.
    """

    __tablename__ = "people"
    __table_args__ = (Index("ix_people_account_id_name", "account_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(128))
    note: Mapped[str | None] = mapped_column(Text)
    enabled: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class FaceSample(Base):
    """One face: its crop in the media store and what a recogniser makes of it; nobody's yet without `person_id`.

    `vector` holds little-endian 32-bit floats of unit length; only vectors of the same `recogniser` may be compared.
    `bbox` [x1, y1, x2, y2] and `landmarks` ([x, y] by name) are in pixels of the crop. `source` is "enrolled" or
    "camera", `label` a word of people on a face that is nobody's. `camera_slug` stays when the camera is deleted.
    """

    __tablename__ = "face_samples"
    __table_args__ = (Index("ix_face_samples_account_id_taken_at_id", "account_id", "taken_at", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    crop: Mapped[str] = mapped_column(String(255), unique=True)
    recogniser: Mapped[str] = mapped_column(String(80))
    vector: Mapped[bytes] = mapped_column(LargeBinary)
    quality: Mapped[float]
    bbox: Mapped[list[int]] = mapped_column(JSON)
    landmarks: Mapped[dict[str, list[int]]] = mapped_column(JSON)
    source: Mapped[str] = mapped_column(String(16))
    label: Mapped[str | None] = mapped_column(String(128))
    camera_slug: Mapped[str | None] = mapped_column(String(64), index=True)
    presence_id: Mapped[str | None] = mapped_column(String(36), index=True)
    taken_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
