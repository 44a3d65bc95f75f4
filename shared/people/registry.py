"""Adding, finding and removing people. Every function works in the caller's transaction and never commits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from shared.db.people import FaceSample, Person
from shared.domain.errors import Conflict, NotFound, UserError

MAX_NAME: Final = 128
MAX_NOTE: Final = 1000


@dataclass(frozen=True, slots=True)
class Listed:
    """A person and how many faces they are known by; `recognisers` are those that made their vectors."""

    person: Person
    faces: int
    recognisers: tuple[str, ...]


def add_person(session: Session, *, name: str, account_id: int, now: datetime, note: str = "") -> Person:
    """A new person without a face, flushed. Several may share a name. Raises `UserError`."""
    name = " ".join(name.split())
    if not 0 < len(name) <= MAX_NAME or not name.isprintable():
        raise UserError("name", f"must be 1 to {MAX_NAME} characters of text")
    if len(note) > MAX_NOTE:
        raise UserError("note", f"must be at most {MAX_NOTE} characters")
    person = Person(account_id=account_id, name=name, note=note or None, enabled=True, created_at=now, updated_at=now)
    session.add(person)
    session.flush()
    return person


def person_numbered(session: Session, number: int, *, account_id: int | None = None) -> Person:
    """The person; with `account_id`, only one of that account. Raises `NotFound`."""
    query = select(Person).where(Person.id == number)
    person = session.scalar(query if account_id is None else query.where(Person.account_id == account_id))
    if person is None:
        raise NotFound("person", f"there is no person {number}", remedy="argus people list shows them")
    return person


def person_named(session: Session, name: str, *, account_id: int | None = None) -> Person:
    """The only one of that name, in one account or in any. Raises `NotFound`, and `Conflict` for several."""
    found = people_named(session, name, account_id=account_id)
    if not found:
        raise NotFound("person", f"nobody is called {name[:64]}", remedy="argus people list shows them")
    if len(found) > 1:
        numbers = ", ".join(str(person.id) for person in found)
        raise Conflict("person", f"several people are called {name[:64]}", remedy=f"name one by number: {numbers}")
    return found[0]


def people_named(session: Session, name: str, *, account_id: int | None = None) -> Sequence[Person]:
    """Everybody of that name, by number."""
    query = select(Person).where(Person.name == " ".join(name.split())).order_by(Person.id)
    return session.scalars(query if account_id is None else query.where(Person.account_id == account_id)).all()


def list_people(session: Session, *, account_id: int | None = None) -> list[Listed]:
    """People by number with how many faces each has; of one account, or of all with None."""
    wanted = [] if account_id is None else [Person.account_id == account_id]
    people = session.scalars(select(Person).where(*wanted).order_by(Person.id)).all()
    counts = session.execute(
        select(FaceSample.person_id, FaceSample.recogniser, func.count())
        .where(FaceSample.person_id.is_not(None))
        .group_by(FaceSample.person_id, FaceSample.recogniser)
        .order_by(FaceSample.recogniser)
    ).all()
    return [
        Listed(
            person,
            sum(count for owner, _, count in counts if owner == person.id),
            tuple(name for owner, name, _ in counts if owner == person.id),
        )
        for person in people
    ]
