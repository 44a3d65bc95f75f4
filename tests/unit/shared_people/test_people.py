"""People and their faces: adding, finding, forgetting, and what a gallery is made of."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from shared.accounts.users import add_account
from shared.db.people import FaceSample, Person
from shared.domain.errors import Conflict, NotFound, Transient, UserError
from shared.media import MediaStore
from shared.people.faces import NewFace, faces_of, faces_of_others, forget_person, keep_face, renew_face
from shared.people.gallery import gallery_edition, gallery_faces
from shared.people.registry import add_person, list_people, person_named, person_numbered

NOW = datetime(2026, 1, 15, 10, 30, tzinfo=UTC)
FACE = NewFace(
    crop=b"a jpeg",
    bbox=(10, 10, 60, 70),
    landmarks={"nose": (35, 45)},
    quality=0.9,
    recogniser="first",
    vector=b"\0\0\x80\x3f",
)


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with Session(engine, expire_on_commit=False) as opened:
        yield opened


@pytest.fixture
def media(tmp_path: Path) -> MediaStore:
    return MediaStore.open(str(tmp_path / "media"))


@pytest.fixture
def owner(session: Session) -> int:
    return add_account(session, username="one", password="correct horse", role="operator", now=NOW).id


@pytest.fixture
def other(session: Session) -> int:
    return add_account(session, username="two", password="correct horse", role="operator", now=NOW).id


def enrol(session: Session, media: MediaStore, name: str, account_id: int, *, faces: int = 1) -> Person:
    person = add_person(session, name=name, account_id=account_id, now=NOW)
    for _ in range(faces):
        keep_face(session, media, person, FACE, source="enrolled", now=NOW)
    session.commit()
    return person


def files(media: MediaStore) -> list[Path]:
    root = media.local_path("faces")
    assert root is not None
    return sorted(path for path in root.rglob("*") if path.is_file())


def test_a_face_is_kept_with_its_crop(session: Session, media: MediaStore, owner: int) -> None:
    [row] = faces_of(session, enrol(session, media, "Ada", owner))
    assert media.read(row.crop) == b"a jpeg"
    assert row.crop.startswith(f"faces/{owner}/")
    assert (row.bbox, row.landmarks, row.vector) == ([10, 10, 60, 70], {"nose": [35, 45]}, FACE.vector)


def test_forgetting_a_person_deletes_their_crops_and_vectors_and_nobody_elses(
    session: Session, media: MediaStore, owner: int
) -> None:
    ada, bob = enrol(session, media, "Ada", owner, faces=3), enrol(session, media, "Bob", owner, faces=2)
    assert len(files(media)) == 5
    assert forget_person(session, media, ada) == 3
    session.commit()
    assert session.scalars(select(Person.name)).all() == ["Bob"]
    assert session.scalars(select(FaceSample.person_id)).all() == [bob.id, bob.id]
    assert sorted(str(media.local_path(row.crop)) for row in faces_of(session, bob)) == [str(f) for f in files(media)]


def test_somebody_whose_crops_cannot_be_deleted_is_not_half_forgotten(
    session: Session, media: MediaStore, owner: int
) -> None:
    ada = enrol(session, media, "Ada", owner, faces=2)

    class Away(MediaStore):
        def delete(self, path: str) -> None:
            raise Transient(f"media {path} cannot be deleted")

    with pytest.raises(Transient):
        forget_person(session, Away.open(str(media.local_path("faces"))), ada)
    session.rollback()
    assert session.scalar(select(func.count()).select_from(FaceSample)) == 2
    assert forget_person(session, media, person_named(session, "Ada")) == 2
    session.commit()
    assert files(media) == []


def test_an_account_takes_its_people_and_vectors_along(session: Session, media: MediaStore, owner: int) -> None:
    enrol(session, media, "Ada", owner)
    session.connection().exec_driver_sql(f"DELETE FROM accounts WHERE id = {owner}")
    session.commit()
    assert session.scalar(select(func.count()).select_from(Person)) == 0
    assert session.scalar(select(func.count()).select_from(FaceSample)) == 0


@pytest.mark.parametrize("name", ["", "  ", "x" * 129, "a\0b"])
def test_what_is_no_name_is_refused(session: Session, owner: int, name: str) -> None:
    with pytest.raises(UserError, match="name: must be 1 to 128 characters"):
        add_person(session, name=name, account_id=owner, now=NOW)


def test_people_are_found_by_name_and_number_in_their_own_account(
    session: Session, media: MediaStore, owner: int, other: int
) -> None:
    ada = enrol(session, media, " Ada  Lovelace ", owner)
    assert person_named(session, "Ada Lovelace").id == ada.id
    assert person_numbered(session, ada.id, account_id=owner) is ada
    for missing in (
        lambda: person_named(session, "Ada Lovelace", account_id=other),
        lambda: person_named(session, "X"),
    ):
        with pytest.raises(NotFound):
            missing()
    with pytest.raises(NotFound):
        person_numbered(session, ada.id, account_id=other)
    namesake = enrol(session, media, "Ada Lovelace", other)
    with pytest.raises(Conflict, match=f"{ada.id}, {namesake.id}"):
        person_named(session, "Ada Lovelace")


def test_people_are_listed_with_how_many_faces_they_have(
    session: Session, media: MediaStore, owner: int, other: int
) -> None:
    enrol(session, media, "Ada", owner, faces=2)
    enrol(session, media, "Bob", other, faces=0)
    listed = [(one.person.name, one.faces, one.recognisers) for one in list_people(session)]
    assert listed == [("Ada", 2, ("first",)), ("Bob", 0, ())]
    assert [one.person.name for one in list_people(session, account_id=other)] == ["Bob"]


def test_a_gallery_holds_the_enabled_of_one_account_by_one_recogniser(
    session: Session, media: MediaStore, owner: int, other: int
) -> None:
    ada, bob = enrol(session, media, "Ada", owner), enrol(session, media, "Bob", owner)
    enrol(session, media, "Eve", other)
    bob.enabled = False
    session.commit()
    assert [face.person_id for face in gallery_faces(session, owner, recogniser="first")] == [ada.id]
    assert gallery_faces(session, owner, recogniser="second") == []


def test_every_change_of_a_gallery_is_another_edition(
    session: Session, media: MediaStore, owner: int, other: int
) -> None:
    seen = [gallery_edition(session, owner)]

    def changed() -> None:
        edition = gallery_edition(session, owner)
        assert edition not in seen
        seen.append(edition)

    ada = enrol(session, media, "Ada", owner)
    changed()
    later = NOW + timedelta(seconds=1)
    keep_face(session, media, ada, FACE, source="enrolled", now=later)
    changed()
    renew_face(session, faces_of(session, ada)[0], recogniser="second", vector=b"", now=later + timedelta(seconds=1))
    session.flush()
    changed()
    enrol(session, media, "Bob", owner)
    changed()
    forget_person(session, media, ada)
    session.flush()
    changed()
    before = gallery_edition(session, owner)
    enrol(session, media, "Eve", other)
    assert gallery_edition(session, owner) == before


def test_faces_that_another_recogniser_read_wait_to_be_read_anew(
    session: Session, media: MediaStore, owner: int
) -> None:
    ada = enrol(session, media, "Ada", owner, faces=2)
    first, second = faces_of(session, ada)
    renew_face(session, first, recogniser="second", vector=b"new", now=NOW)
    session.flush()
    assert [row.id for row in faces_of_others(session, "second")] == [second.id]
    assert (first.vector, first.crop) == (b"new", first.crop)
