"""`face` on drawn pictures: tenancy, several pictures, one match a person, and what is told of strangers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from services.modules.specialist import Case, Finding, Picture
from services.modules.specialists.face.galleries import Galleries
from services.modules.specialists.face.matching import Bounds
from services.modules.specialists.face.reader import Reader
from services.modules.specialists.face.settings import FaceSettings
from services.modules.specialists.face.specialist import Face
from shared.accounts.users import add_account
from shared.db.engine import read_sessions
from shared.db.people import FaceSample, Person
from shared.domain.box import Box
from shared.people.registry import add_person
from tests.unit.modules.face.seeing import DrawnDetector, DrawnEmbedder, picture, vector_of

AT = datetime(2026, 1, 15, 10, 30, tzinfo=UTC)
ADA, BOB, EVE = 0, 1, 2


class Site:
    """Two accounts, a gallery of each, and a clock."""

    def __init__(self, engine: Engine) -> None:
        self.session = Session(engine, expire_on_commit=False)
        self.seconds = 0.0
        self.accounts = [
            add_account(self.session, username=name, password="correct horse", role="operator", now=AT).id
            for name in ("one", "two")
        ]
        self.session.commit()
        galleries = Galleries(read_sessions(engine), recogniser="drawn", monotonic=lambda: self.seconds)
        options = FaceSettings(min_quality=0)
        reader = Reader(DrawnDetector(), DrawnEmbedder(), options=options)
        self.face = Face(reader, galleries, bounds=Bounds(0.8, 0.1, 0.6), options=options)

    def knows(self, name: str, vector: NDArray[np.float32], *, account: int = 0, recogniser: str = "drawn") -> Person:
        now = AT + timedelta(seconds=self.session.query(FaceSample).count())
        person = add_person(self.session, name=name, account_id=self.accounts[account], now=now)
        self.session.add(
            FaceSample(
                account_id=person.account_id,
                person_id=person.id,
                crop=f"faces/{name}.jpg",
                recogniser=recogniser,
                vector=vector.astype("<f4").tobytes(),
                quality=1.0,
                bbox=[0, 0, 1, 1],
                landmarks={},
                source="enrolled",
                taken_at=now,
                created_at=now,
            )
        )
        self.session.commit()
        return person

    def look(self, *pictures: NDArray[np.uint8], account: int | None = 0, **values: Any) -> Finding:
        account_id = None if account is None else self.accounts[account]
        shown = tuple(Picture(one) for one in pictures)
        return self.face.examine(Case(shown, values.pop("scope", "object"), AT, account_id=account_id, **values))


@pytest.fixture
def site(engine: Engine) -> Iterator[Site]:
    made = Site(engine)
    yield made
    made.session.close()


def names(finding: Finding) -> list[str | None]:
    return [face["person_name"] for face in finding.results["faces"]]


def test_somebody_known_is_named_with_everything_that_clients_read(site: Site) -> None:
    person = site.knows("Ada", vector_of(ADA))
    finding = site.look(picture((ADA, 100, 50)))
    [face] = finding.results["faces"]
    assert face["bbox"] == [100, 50, 160, 110]
    assert (face["person_name"], face["identity"]) == ("Ada", "known")
    assert (face["similarity"], face["embedding_distance"]) == (1.0, 0.0)
    assert 0 < face["quality"] <= 1
    assert face["landmarks"]["nose"] == [130.0, 86.0]
    [match] = finding.recognised
    assert match.kind == "face_match"
    assert match.data == {
        "person_name": "Ada",
        "person_id": person.id,
        "similarity": 1.0,
        "bbox": [100, 50, 160, 110],
        "embedding_distance": 0.0,
    }
    json.dumps([finding.results, dict(match.data)], allow_nan=False)


def test_a_stranger_is_told_and_is_no_match(site: Site) -> None:
    site.knows("Ada", vector_of(ADA))
    finding = site.look(picture((EVE, 100, 50)))
    assert names(finding) == [None]
    assert finding.results["faces"][0]["identity"] == "unknown"
    assert finding.recognised == ()


def test_who_is_somewhat_like_somebody_is_uncertain(site: Site) -> None:
    site.knows("Ada", (0.7 * vector_of(ADA) + 0.714 * vector_of(3)).astype(np.float32))
    [face] = site.look(picture((ADA, 100, 50))).results["faces"]
    assert (face["identity"], face["person_name"], face["similarity"]) == ("uncertain", None, pytest.approx(0.7))


def test_an_accounts_people_are_nobody_on_anothers_cameras(site: Site) -> None:
    site.knows("Ada", vector_of(ADA), account=1)
    assert names(site.look(picture((ADA, 100, 50)), account=0)) == [None]
    assert names(site.look(picture((ADA, 100, 50)), account=None)) == [None]
    assert names(site.look(picture((ADA, 100, 50)), account=1)) == ["Ada"]


def test_vectors_of_another_recogniser_match_nobody(site: Site) -> None:
    site.knows("Ada", vector_of(ADA), recogniser="another")
    site.knows("Bob", np.ones(512, np.float32), recogniser="larger")
    [face] = site.look(picture((ADA, 100, 50))).results["faces"]
    assert (face["person_name"], face["similarity"]) == (None, None)


def test_changes_of_the_people_are_seen_within_two_seconds(site: Site) -> None:
    ada = site.knows("Ada", vector_of(ADA))
    assert names(site.look(picture((ADA, 100, 50)))) == ["Ada"]
    ada.name, ada.updated_at = "Ada Lovelace", AT + timedelta(days=1)
    site.session.commit()
    site.seconds += 1.9
    assert names(site.look(picture((ADA, 100, 50)))) == ["Ada"]
    site.seconds += 0.1
    assert names(site.look(picture((ADA, 100, 50)))) == ["Ada Lovelace"]
    site.session.delete(site.session.query(FaceSample).one())
    site.session.delete(ada)
    site.session.commit()
    site.seconds += 2
    assert names(site.look(picture((ADA, 100, 50)))) == [None]


def test_somebody_disabled_is_nobody(site: Site) -> None:
    site.knows("Ada", vector_of(ADA)).enabled = False
    site.session.commit()
    assert names(site.look(picture((ADA, 100, 50)))) == [None]


def test_several_pictures_of_a_person_are_one_match(site: Site) -> None:
    site.knows("Ada", vector_of(ADA))
    finding = site.look(*(picture((ADA, 40 * number, 50), (EVE, 250, 150)) for number in range(3)))
    assert sorted(names(finding), key=str) == ["Ada", None]
    assert len(finding.recognised) == 1
    [ada] = [face for face in finding.results["faces"] if face["person_name"]]
    assert ada["bbox"][0] == 40 * ada["picture"]


def test_nobody_is_two_faces_of_one_picture(site: Site) -> None:
    site.knows("Ada", vector_of(ADA))
    finding = site.look(picture((ADA, 20, 50), (ADA, 200, 50)), scope="scene")
    assert sorted(names(finding), key=str) == ["Ada", None]
    assert len(finding.recognised) == 1


def test_only_the_subject_is_looked_at(site: Site) -> None:
    site.knows("Ada", vector_of(ADA))
    site.knows("Bob", vector_of(BOB))
    case = Case(
        (Picture(picture((ADA, 20, 50), (BOB, 250, 50)), subject=Box(230, 20, 390, 280)),),
        "object",
        AT,
        account_id=site.accounts[0],
    )
    [face] = site.face.examine(case).results["faces"]
    assert (face["person_name"], face["bbox"]) == ("Bob", [250, 50, 310, 110])


def test_a_presence_keeps_the_vector_of_its_face_under_the_recognisers_name(site: Site) -> None:
    assert site.look(picture((EVE, 100, 50))).vectors == {"face:drawn": tuple(vector_of(EVE).tolist())}
    assert site.look(picture((EVE, 100, 50)), scope="scene").vectors == {}


def test_an_empty_picture_shows_no_faces(site: Site) -> None:
    assert site.look(picture()).results == {"faces": []}
