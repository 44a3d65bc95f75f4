"""Keeping and forgetting faces: rows in the database, crops in the media store."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.db.people import FaceSample, Person
from shared.media import MediaStore

FOLDER: Final = "faces"


@dataclass(frozen=True, slots=True)
class NewFace:
    """A face to keep: a JPEG of it and its surroundings, where it is in there, and its vector."""

    crop: bytes
    bbox: tuple[int, int, int, int]
    landmarks: Mapping[str, tuple[int, int]]
    quality: float
    recogniser: str
    vector: bytes


def keep_face(
    session: Session, media: MediaStore, person: Person, face: NewFace, *, source: str, now: datetime
) -> FaceSample:
    """Store a face of a person, flushed. Raises `Transient` when the media store cannot be written now.

    The crop is written first: one without its row is nobody's, a row without its crop could not be read anew.
    """
    path = f"{FOLDER}/{person.account_id}/{uuid.uuid4().hex}.jpg"
    media.write(path, face.crop)
    row = FaceSample(
        account_id=person.account_id,
        person_id=person.id,
        crop=path,
        recogniser=face.recogniser,
        vector=face.vector,
        quality=face.quality,
        bbox=list(face.bbox),
        landmarks={name: list(point) for name, point in face.landmarks.items()},
        source=source,
        taken_at=now,
        created_at=now,
    )
    session.add(row)
    person.updated_at = now
    session.flush()
    return row


def faces_of(session: Session, person: Person) -> Sequence[FaceSample]:
    """All faces a person is known by, by number."""
    return session.scalars(select(FaceSample).where(FaceSample.person_id == person.id).order_by(FaceSample.id)).all()


def forget_person(session: Session, media: MediaStore, person: Person) -> int:
    """Remove a person, their vectors and their crops; how many faces there were.

    Raises `Transient` when a crop cannot be deleted now: roll back then, and do it again.
    """
    rows = faces_of(session, person)
    for row in rows:
        session.delete(row)
    session.flush()
    session.delete(person)
    session.flush()
    for row in rows:
        media.delete(row.crop)
    return len(rows)


def faces_of_others(session: Session, recogniser: str, *, account_id: int | None = None) -> Sequence[FaceSample]:
    """Faces whose vectors another recogniser made, by number: they match nobody until they are read anew."""
    query = select(FaceSample).where(FaceSample.recogniser != recogniser).order_by(FaceSample.id)
    return session.scalars(query if account_id is None else query.where(FaceSample.account_id == account_id)).all()


def renew_face(session: Session, row: FaceSample, *, recogniser: str, vector: bytes, now: datetime) -> None:
    """Replace a vector by that of another recogniser."""
    row.recogniser, row.vector = recogniser, vector
    person = session.get(Person, row.person_id) if row.person_id is not None else None
    if person is not None:
        person.updated_at = now
