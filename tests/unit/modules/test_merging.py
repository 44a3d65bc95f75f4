"""What a later look changes of what an earlier one found."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from services.modules import findings
from services.modules.merging import is_empty, replaces
from shared.db.engine import SessionFactory, connect, sessions
from shared.db.migrate import upgrade
from shared.db.tables import Event, Recognition
from shared.domain.ids import event_id
from shared.modules.order import ModuleOrder, PictureRef, look_id, new_job_id

AT = datetime(2026, 1, 15, 10, 30, tzinfo=UTC)
PLATE: dict[str, Any] = {"plates": [{"plate_text": "AB123"}]}
OTHER: dict[str, Any] = {"plates": [{"plate_text": "AB128"}]}
NOTHING: dict[str, Any] = {"plates": []}
NOTE = {"status": "waiting", "reason": "no worker runs"}


def order(look: int) -> ModuleOrder:
    return ModuleOrder(
        job_id=look_id("p-1", "lpr", look) if look else new_job_id(),
        module="lpr",
        pictures=(PictureRef(path="a.jpg"),),
        scope="object",
        at=AT + timedelta(seconds=look),
        camera="gate",
        presence_id="p-1",
        event_uuid=event_id("p-1"),
        look=look,
    )


@pytest.mark.parametrize(
    ("look", "results", "kept", "replaced"),
    [
        (1, NOTHING, None, True),
        (1, NOTHING, NOTE, True),
        (2, NOTHING, NOTE, True),
        (2, OTHER, PLATE, True),
        (2, NOTHING, PLATE, False),
        (2, NOTHING, NOTHING, True),
        (1, OTHER, PLATE, False),
        (1, OTHER, NOTHING, True),
        (0, NOTHING, PLATE, True),
    ],
)
def test_the_look_that_saw_more_wins_unless_it_found_nothing(
    *, look: int, results: dict[str, Any], kept: object, replaced: bool
) -> None:
    assert replaces(order(look), results, kept) is replaced


@pytest.mark.parametrize(
    ("results", "empty"),
    [
        ({}, True),
        ({"faces": []}, True),
        ({"hands": [], "picture": 3}, True),
        ({"embedding": None}, True),
        ({"embedding": {"size": 3}}, False),
        ({"persons": [], "violations": ["helmet"]}, False),
    ],
)
def test_results_are_empty_when_no_list_holds_anything(*, results: dict[str, Any], empty: bool) -> None:
    assert is_empty(results) is empty


@pytest.fixture
def database(tmp_path: Path) -> Iterator[SessionFactory]:
    engine = connect(f"sqlite:///{tmp_path / 'argus.db'}")
    upgrade(engine)
    made = sessions(engine)
    with made.begin() as session:
        times = {"started_at": AT, "occurred_at": AT, "stored_at": AT}
        session.add(Event(uuid=event_id("p-1"), camera_slug="gate", label="car", confidence=1.0, **times))
    yield made
    engine.dispose()


def keep(database: SessionFactory, wanted: ModuleOrder, results: dict[str, Any]) -> None:
    recognised = [{"kind": "plate_read", "data": plate} for plate in results["plates"]]
    with database.begin() as session:
        findings.keep(session, wanted, results=results, recognised=recognised, now=AT)


def plates(database: SessionFactory) -> list[str]:
    with database() as session:
        return [row.data["plate_text"] for row in session.scalars(select(Recognition).order_by(Recognition.id))]


@pytest.mark.parametrize(
    ("looks", "kept"),
    [
        ([(1, PLATE), (2, OTHER)], ["AB128"]),
        ([(1, PLATE), (2, NOTHING)], ["AB123"]),
        ([(1, NOTHING), (2, OTHER)], ["AB128"]),
        ([(2, OTHER), (1, PLATE)], ["AB128"]),
        ([(1, PLATE), (1, PLATE)], ["AB123"]),
        ([(1, {"plates": [*PLATE["plates"], *OTHER["plates"]]}), (2, OTHER)], ["AB128"]),
        ([(1, PLATE), (2, {"plates": [*PLATE["plates"], *OTHER["plates"]]})], ["AB123", "AB128"]),
        ([(0, PLATE), (2, OTHER)], ["AB123", "AB128"]),
    ],
)
def test_one_stay_of_a_car_is_not_recognised_twice(
    database: SessionFactory, looks: list[tuple[int, dict[str, Any]]], kept: list[str]
) -> None:
    for look, results in looks:
        keep(database, order(look), results)
    assert plates(database) == kept


def test_a_failed_look_is_noted_unless_another_found_something(database: SessionFactory) -> None:
    def results() -> object:
        with database() as session:
            return session.scalars(select(Event.module_results)).one()

    for look in (0, 1):
        with database.begin() as session:
            findings.note_failure(session, order(look), "it was killed")
        assert results() == ({"lpr": {"status": "failed", "reason": "it was killed"}} if look else {})
    keep(database, order(2), PLATE)
    with database.begin() as session:
        findings.note_failure(session, order(1), "it was killed")
    assert results() == {"lpr": PLATE}


def test_a_plate_read_without_an_event_is_kept_for_its_camera(database: SessionFactory) -> None:
    lonely = order(1).model_copy(update={"presence_id": "p-2", "event_uuid": event_id("p-2")})
    keep(database, lonely, PLATE)
    with database() as session:
        (row,) = session.scalars(select(Recognition)).all()
    assert (row.event_id, row.camera_slug) == (None, "gate")
