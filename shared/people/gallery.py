"""What faces are compared with: the faces of an account's people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from shared.db.people import FaceSample, Person


@dataclass(frozen=True, slots=True)
class Edition:
    """Another one means that a person or a face was added, changed or removed."""

    people: int
    changed_at: datetime | None
    faces: int
    numbers: int


@dataclass(frozen=True, slots=True)
class GalleryFace:
    """A face of somebody who is to be recognised; `vector` as it is stored."""

    person_id: int
    name: str
    vector: bytes


def gallery_edition(session: Session, account_id: int) -> Edition:
    """Which state an account's gallery is in: two small queries."""
    people = select(func.count(), func.max(Person.updated_at)).where(Person.account_id == account_id)
    faces = select(func.count(), func.sum(FaceSample.id)).where(
        FaceSample.account_id == account_id, FaceSample.person_id.is_not(None)
    )
    (count, changed_at), (samples, numbers) = session.execute(people).one(), session.execute(faces).one()
    return Edition(int(count), changed_at, int(samples), int(numbers or 0))


def gallery_faces(session: Session, account_id: int, *, recogniser: str) -> Sequence[GalleryFace]:
    """The faces that `recogniser` made vectors of, of people who are enabled, by number."""
    rows = session.execute(
        select(Person.id, Person.name, FaceSample.vector)
        .join(FaceSample, FaceSample.person_id == Person.id)
        .where(
            Person.account_id == account_id,
            FaceSample.account_id == account_id,
            Person.enabled,
            FaceSample.recogniser == recogniser,
        )
        .order_by(FaceSample.id)
    )
    return [GalleryFace(int(number), name, vector) for number, name, vector in rows]
