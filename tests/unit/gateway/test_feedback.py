from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from shared.db.tables import AuditRow, Event, Feedback
from shared.settings import Settings
from tests.unit.gateway.installation import START, Api, fill, open_api

BODY = {"feedback_type": "false_positive", "confidence": 0.1, "comment": "Ombrage de l'arbre"}


def _say(api: Api, uuid: str, feedback_type: str = "confirmed", **kwargs: Any) -> Any:
    answer = api.post(f"/events/{uuid}/feedback", {"feedback_type": feedback_type}, **kwargs)
    assert answer.status_code == 200, answer.text
    return answer.json


def _history(api: Api, uuid: str, query: str = "", **kwargs: Any) -> Any:
    answer = api.get(f"/events/{uuid}/feedback{query}", **kwargs)
    assert answer.status_code == 200, answer.text
    return answer.json


def _kept(api: Api) -> int:
    with api.session() as session:
        return int(session.scalar(select(func.count()).select_from(Feedback)) or 0)


def test_feedback_is_taken_as_the_contract_says_and_shows_on_the_event(api: Api) -> None:
    uuid = api.add_event()
    api.clock.forward(minutes=5)
    answer = api.post(f"/events/evt-{uuid}/feedback", BODY)
    assert (answer.status_code, list(answer.json or {})) == (200, ["uuid", "feedback_type", "timestamp"])
    assert answer.json == {
        "uuid": f"evt-{uuid}",
        "feedback_type": "false_positive",
        "timestamp": "2026-01-15T10:35:00Z",
    }
    shown = api.get(f"/events/{uuid}").json
    assert shown is not None
    assert shown["user_feedback"] == "false_positive"


@pytest.fixture
def on_both(tmp_path: Path, redis_url: str, database_url: str) -> Iterator[Api]:
    """A gateway on SQLite and on PostgreSQL."""
    keys = fill(database_url)
    opened = open_api(Settings(data_dir=tmp_path, redis_url=redis_url, database_url=database_url), keys)
    yield opened
    opened.opened.close()


def test_everything_said_is_kept_and_the_newest_counts(on_both: Api) -> None:
    api = on_both
    uuid, other = api.add_event(), api.add_event()
    api.post(f"/events/{uuid}/feedback", BODY)
    api.clock.forward(minutes=1)
    _say(api, uuid, "missed", who="boss")
    api.clock.forward(minutes=-2)  # a clock that was set back changes no order
    _say(api, uuid, "confirmed")
    _say(api, other, "missed")
    history = _history(api, uuid)
    assert [(each["feedback_type"], each["author"]) for each in history["feedback"]] == [
        ("confirmed", "alice"), ("missed", "boss"), ("false_positive", "alice")
    ]  # fmt: skip
    assert (history["count"], history["total"], history["next_cursor"]) == (3, 3, None)
    assert history["feedback"][-1] == {
        "uuid": f"evt-{uuid}",
        "feedback_type": "false_positive",
        "timestamp": "2026-01-15T10:30:00Z",
        "confidence": 0.1,
        "comment": "Ombrage de l'arbre",
        "author": "alice",
    }
    shown = api.get(f"/events/{uuid}").json
    assert shown is not None
    assert shown["user_feedback"] == "confirmed"


def test_the_history_is_paged_by_offset_and_by_cursor(api: Api) -> None:
    uuid = api.add_event()
    for number in range(5):
        api.post(f"/events/{uuid}/feedback", {"feedback_type": "confirmed", "comment": str(number)})
    by_offset = [
        each["comment"] for at in (0, 2, 4) for each in _history(api, uuid, f"?limit=2&offset={at}")["feedback"]
    ]
    by_cursor, query = [], "?limit=2"
    while True:
        page = _history(api, uuid, query)
        assert page["total"] == 5
        by_cursor += [each["comment"] for each in page["feedback"]]
        if page["next_cursor"] is None:
            break
        query = f"?limit=2&cursor={page['next_cursor']}"
    assert by_offset == by_cursor == ["4", "3", "2", "1", "0"]
    for bad in ("limit=0", "limit=501", "offset=-1", "cursor=x"):
        refused = api.get(f"/events/{uuid}/feedback?{bad}")
        assert refused.status_code == 400
        assert refused.json is not None
        assert f"Field '{bad.partition('=')[0]}'" in refused.json["message"]


def test_feedback_leaves_a_trail(api: Api) -> None:
    uuid = api.add_event()
    _say(api, uuid, "missed")
    with api.session() as session:
        row = session.scalars(select(AuditRow).where(AuditRow.action == "event.feedback")).one()
    assert (row.principal, row.target, row.detail, row.at) == (
        "alice/key:test", f"event:{uuid}", {"feedback_type": "missed"}, START
    )  # fmt: skip


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "feedback_type"),
        ({"feedback_type": "great"}, "feedback_type"),
        ({"feedback_type": None}, "feedback_type"),
        ({"feedback_type": "missed", "confidence": 1.01}, "confidence"),
        ({"feedback_type": "missed", "confidence": -0.1}, "confidence"),
        ({"feedback_type": "missed", "confidence": "high"}, "confidence"),
        ({"feedback_type": "missed", "confidence": True}, "confidence"),
        ({"feedback_type": "missed", "comment": "x" * 2001}, "comment"),
        ({"feedback_type": "missed", "comment": 7}, "comment"),
    ],
)
def test_feedback_that_cannot_be_is_refused_by_its_field_and_not_kept(api: Api, body: object, field: str) -> None:
    uuid = api.add_event()
    refused = api.post(f"/events/{uuid}/feedback", body)
    assert refused.status_code == 400
    assert refused.json is not None
    assert f"Field '{field}'" in refused.json["message"]
    assert _kept(api) == 0
    with api.session() as session:
        assert session.scalar(select(Event.user_feedback)) is None


def test_a_longest_comment_and_the_ends_of_confidence_are_taken(api: Api) -> None:
    uuid = api.add_event()
    for confidence in (0, 1, 0.5, None):
        body = {"feedback_type": "missed", "confidence": confidence, "comment": "é" * 2000}
        assert api.post(f"/events/{uuid}/feedback", body).status_code == 200
    assert [each["confidence"] for each in _history(api, uuid)["feedback"]] == [None, 0.5, 1, 0]


def test_one_speaks_only_of_what_one_sees_and_only_with_the_right_to_write(api: Api) -> None:
    theirs = api.add_event(who="bob")
    for path in (theirs, "550e8400-e29b-41d4-a716-446655440000", "x"):
        assert api.post(f"/events/{path}/feedback", BODY).status_code == 404
        assert api.get(f"/events/{path}/feedback").status_code == 404
    assert api.post(f"/events/{theirs}/feedback", BODY, who="eve").status_code == 403
    assert api.post(f"/events/{theirs}/feedback", BODY, who=None).status_code == 401
    assert _kept(api) == 0
    _say(api, theirs, who="boss")
    assert _history(api, theirs, who="bob")["total"] == 1


def test_feedback_sent_twice_under_one_key_is_kept_once(api: Api) -> None:
    uuid, key = api.add_event(), {"Idempotency-Key": "word-1"}
    first = api.post(f"/events/{uuid}/feedback", BODY, headers=key)
    api.clock.forward(minutes=1)
    second = api.post(f"/events/{uuid}/feedback", BODY, headers=key)
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.data == second.data
    assert _kept(api) == 1
