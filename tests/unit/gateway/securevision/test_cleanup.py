from __future__ import annotations

from datetime import timedelta

import pytest
from redis import Redis
from sqlalchemy import func, select

from shared.db.tables import AuditRow, Event, Recognition
from shared.messages.topics import RETENTION_WANTED
from shared.settings import Settings
from shared.settings.retention import RetentionSettings
from tests.unit.gateway.installation import START, Api, Template, open_api
from tests.unit.gateway.securevision.conftest import Client

LONG_AGO = START - timedelta(days=31)


def left(api: Api) -> list[int]:
    with api.session() as session:
        return list(session.scalars(select(Recognition.id).order_by(Recognition.id)))


def test_what_is_too_old_goes_and_is_counted(client: Client) -> None:
    for at in (LONG_AGO, LONG_AGO, START - timedelta(days=29)):
        client.api.add_recognition(at=at)
    answer = client.post("/cleanup")
    assert (answer.status_code, answer.json) == (200, {"deleted": 2, "retention_days": 30})
    assert left(client.api) == [3]
    assert client.post("/cleanup").json == {"deleted": 0, "retention_days": 30}


def test_it_leaves_an_audit_row(client: Client) -> None:
    client.api.add_recognition(at=LONG_AGO)
    client.api.add_event(at=LONG_AGO)
    client.post("/cleanup", who="boss")
    with client.api.session() as session:
        row = session.scalars(select(AuditRow).where(AuditRow.action == "retention.cleanup")).one()
        assert session.execute(select(func.count()).select_from(Event)).scalar_one() == 0
    assert (row.principal, row.target) == ("boss/key:test", "account:all")
    assert row.detail == {"events": 1, "recognitions": 1, "files": 0, "days": 30}


def test_operators_clean_up_after_themselves_administrators_after_all_and_viewers_after_nobody(client: Client) -> None:
    for who in ("alice", "bob"):
        client.api.add_recognition(who=who, at=LONG_AGO)
    refused = client.post("/cleanup", who="eve")
    assert (refused.status_code, list(refused.json)) == (403, ["detail"])
    assert client.post("/cleanup", who=None).status_code == 401
    assert client.post("/cleanup", who="bob").json["deleted"] == 1
    assert left(client.api) == [1]
    assert client.post("/cleanup", who="boss").json["deleted"] == 1


def test_a_body_is_neither_needed_nor_looked_at(client: Client) -> None:
    for sent in ({}, {"json": None}, {"data": "x" * 1000}, {"json": {"days": 0}}):
        assert client.post("/cleanup", **sent).json == {"deleted": 0, "retention_days": 30}


def test_nothing_goes_where_everything_is_kept_for_good(api_settings: Settings, template: Template) -> None:
    kept = api_settings.model_copy(update={"retention": RetentionSettings(events_days=0)})
    client = Client(open_api(kept, template.keys))
    client.api.add_recognition(at=LONG_AGO)
    assert client.post("/cleanup").json == {"deleted": 0, "retention_days": 0}
    client.api.opened.close()


def test_what_is_left_after_the_time_is_ordered_from_the_brain(client: Client, redis: Redis) -> None:
    client.post("/cleanup")
    assert not redis.exists(RETENTION_WANTED)
    cleanup = client.api.opened.gateway.cleanup
    for _ in range(3):
        client.api.add_recognition(at=LONG_AGO)
    cleanup._patience_s = 0.0
    assert client.post("/cleanup").json == {"deleted": 0, "retention_days": 30}
    assert redis.exists(RETENTION_WANTED)
    assert len(left(client.api)) == 3


@pytest.mark.parametrize("who", ["alice", "boss"])
def test_the_same_order_sent_twice_is_carried_out_once(client: Client, who: str) -> None:
    client.api.add_recognition(at=LONG_AGO)
    said = {"Idempotency-Key": "nightly"}
    assert client.post("/cleanup", who=who, headers=said).json["deleted"] == 1
    client.api.add_recognition(at=LONG_AGO)
    assert client.post("/cleanup", who=who, headers=said).json["deleted"] == 1
    assert len(left(client.api)) == 1
