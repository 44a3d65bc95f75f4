"""Vectors that a job found are kept once, with the presence they belong to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select

from services.modules import findings
from shared.db.engine import SessionFactory, connect, sessions
from shared.db.migrate import upgrade
from shared.db.tables import Account, Appearance, Event
from shared.modules.order import ModuleOrder, PictureRef

AT = datetime(2026, 1, 15, 10, 30, tzinfo=UTC)
VECTOR = [0.6, 0.8]
RESULTS = {"embedding": {"model": "osnet_x0_25", "size": 2, "quality": 0.7}}


@pytest.fixture
def database(tmp_path: Path) -> Iterator[SessionFactory]:
    engine = connect(f"sqlite:///{tmp_path / 'argus.db'}")
    upgrade(engine)
    yield sessions(engine)
    engine.dispose()


def order(**values: Any) -> ModuleOrder:
    pictures = (PictureRef(path="jobs/1"),)
    defaults = {
        "job_id": "job-1",
        "module": "reid",
        "scope": "object",
        "at": AT,
        "camera": "door",
        "presence_id": "p-1",
    }
    return ModuleOrder(pictures=pictures, **{**defaults, **values})


def keep(database: SessionFactory, wanted: ModuleOrder) -> None:
    with database.begin() as session:
        findings.keep(session, wanted, results=RESULTS, recognised=(), vectors={"body:osnet_x0_25": VECTOR}, now=AT)


def kept(database: SessionFactory) -> list[Appearance]:
    with database() as session:
        return list(session.scalars(select(Appearance).order_by(Appearance.id)))


def test_a_vector_is_kept_with_its_presence(database: SessionFactory) -> None:
    keep(database, order())
    (one,) = kept(database)
    assert (one.kind, one.model, one.camera_slug, one.presence_id) == ("body", "osnet_x0_25", "door", "p-1")
    assert (one.quality, one.at, one.event_uuid, one.account_id) == (0.7, AT, None, None)
    assert np.frombuffer(one.vector, "<f4").tolist() == pytest.approx(VECTOR)


def test_the_same_job_again_changes_nothing(database: SessionFactory) -> None:
    keep(database, order())
    keep(database, order())
    assert len(kept(database)) == 1


def test_another_job_of_the_same_presence_adds_its_own(database: SessionFactory) -> None:
    keep(database, order())
    keep(database, order(job_id="job-2"))
    assert [one.job_id for one in kept(database)] == ["job-1", "job-2"]


def test_the_event_says_whose_it_is(database: SessionFactory) -> None:
    with database.begin() as session:
        session.add(Account(id=7, username="home", password_hash="-", role="viewer", created_at=AT))
        session.flush()
        session.add(
            Event(
                uuid="u-1",
                account_id=7,
                camera_slug="gate",
                presence_id="p-9",
                label="person",
                confidence=0.9,
                started_at=AT,
                occurred_at=AT,
                stored_at=AT,
            )
        )
    keep(database, order(event_uuid="u-1", presence_id=None))
    (one,) = kept(database)
    assert (one.account_id, one.camera_slug, one.presence_id, one.event_uuid) == (7, "gate", "p-9", "u-1")


@pytest.mark.parametrize("values", [{"camera": None}, {"event_uuid": "gone"}, {"account_id": 99}])
def test_what_nobody_could_be_shown_is_not_kept(database: SessionFactory, values: dict[str, Any]) -> None:
    keep(database, order(**values))
    assert kept(database) == []
