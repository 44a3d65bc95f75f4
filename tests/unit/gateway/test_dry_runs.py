"""Trying rules on what was seen, without telling anybody."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from shared.db.tables import AuditRow, DecisionRow, Event, OutboxRow, RuleRow
from shared.domain.ids import event_id
from shared.messages.presences import PresenceBody, PresenceEnded
from tests.unit.gateway.installation import START, Api
from tests.unit.gateway.test_decisions import note


def seen(api: Api, number: int, start: float, end: float, *, who: str = "alice", **fields: Any) -> str:
    """A presence of so many seconds after `START`; its id."""
    presence_id = f"7d3c1c1e-4a0e-5d0e-9d5e-{number:012d}"
    body: PresenceBody = PresenceEnded.example().model_copy(
        update={"presence_id": presence_id, "camera": "cam_001", "zones": (), "started_at": at(start),
                "last_seen_at": at(end), "captured_at": at(end), **fields}
    )  # fmt: skip
    note(api, presence_id, who=who, label=body.label, started_at=at(start), ended_at=at(end),
         state=body.model_dump(mode="json"))  # fmt: skip
    return presence_id


def at(second: float) -> datetime:
    return START + timedelta(seconds=second)


def stamp(second: float) -> str:
    return f"{at(second):%Y-%m-%dT%H:%M:%SZ}"


@pytest.fixture
def camera(api: Api) -> str:
    body = {"id": "cam_001", "name": "Door", "rtsp_url": "rtsp://127.0.0.1/x",
            "zones": [{"name": "Porch", "points": [[0, 0], [9, 0], [9, 9]]}]}  # fmt: skip
    assert api.post("/cameras", body).status_code == 201
    api.clock.forward(hours=1)
    return "cam_001"


def counts(api: Api) -> list[int]:
    with api.session() as session:
        return [session.scalar(select(func.count()).select_from(table)) or 0
                for table in (Event, OutboxRow, RuleRow, AuditRow, DecisionRow)]  # fmt: skip


def test_a_rule_is_tried_and_nothing_is_stored_or_told(api: Api, camera: str) -> None:
    first, _ = seen(api, 1, 0, 30), seen(api, 2, 40, 45)
    seen(api, 3, 50, 300, label="car")
    before = counts(api)
    rule = {"condition": {"labels": ["person"], "dwell_s": 20}, "cooldown_s": 60, "judge": True}
    told = api.post("/rules/dry-run", {"rule": rule, "camera_id": camera})
    assert told.status_code == 200, told.json
    assert told.json is not None
    (event,) = told.json["events"]
    assert (event["presence_id"], event["timestamp"], event["cooling"]) == (first, stamp(20), False)
    assert (told.json["examined"], told.json["truncated"], told.json["asks_judge"]) == (3, False, True)
    assert counts(api) == before


def test_a_stored_rule_is_tried_on_its_own_camera_and_a_span(api: Api, camera: str) -> None:
    assert api.post("/rules", {"id": "door", "name": "Door", "camera_id": camera}).status_code == 201
    seen(api, 1, 0, 30)
    second = seen(api, 2, 100, 145)
    told = api.post("/rules/dry-run", {"rule_id": "door", "since": stamp(60), "until": stamp(120)}).json
    assert told is not None
    assert [each["presence_id"] for each in told["events"]] == [second]
    other = api.post("/rules/dry-run", {"rule_id": "door", "camera_id": "cam_002"})
    assert other.status_code == 404


def test_findings_are_taken_from_what_was_found_and_missed_where_nobody_looked(api: Api, camera: str) -> None:
    looked, unseen = seen(api, 1, 0, 30, label="car"), seen(api, 2, 40, 60, label="car")
    denied = {"plates": [{"plate_text": "AB123CD", "list_match": "deny", "confidence": 0.9}]}
    api.add_event(uuid=event_id(looked), presence_id=looked, at=at(3), label="car", module_results={"lpr": denied},
                  modules_triggered=["lpr"])  # fmt: skip
    rule = {"condition": {"kind": "finding", "module": "lpr", "list_match": "deny"}}
    told = api.post("/rules/dry-run", {"rule": rule, "camera_id": camera}).json
    assert told is not None
    assert [(each["presence_id"], each["event_uuid"]) for each in told["events"]] == [
        (looked, f"evt-{event_id(looked)}")
    ]
    assert [(each["presence_id"], each["reason"]) for each in told["undecided"]] == [(unseen, "lpr did not look at it")]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "xactly one of 'rule' and 'rule_id' is needed"),
        ({"rule": {}, "rule_id": "rule_001"}, "xactly one of"),
        ({"rule": {}}, "camera_id"),
        ({"rule": {"condition": {"labels": "person"}}, "camera_id": "cam_001"}, "rule.condition.labels"),
        ({"rule": {"condition": {"zone": "Pool"}, "camera_id": "cam_001"}}, "its zones: Porch"),
        ({"rule": {}, "camera_id": "cam_001", "since": stamp(9), "until": stamp(9)}, "must be before until"),
        ({"rule": {}, "camera_id": "cam_001", "since": stamp(-90_000), "until": stamp(0)}, "24 hours"),
        ({"rule": {}, "camera_id": "cam_001", "since": stamp(9e6), "until": stamp(9e6 + 1)}, "in the future"),
    ],
)
def test_what_cannot_be_tried_is_refused_with_the_reason(
    api: Api, camera: str, body: dict[str, Any], said: str
) -> None:
    answer = api.post("/rules/dry-run", body)
    assert answer.status_code == 400
    assert answer.json is not None
    assert said in answer.json["message"]


def test_nothing_is_learnt_of_other_peoples_cameras_and_rules(api: Api, camera: str) -> None:
    seen(api, 1, 0, 30)
    for body in ({"rule": {}, "camera_id": camera}, {"rule": {}, "camera_id": "cam_777"}):
        answer = api.post("/rules/dry-run", body, who="bob")
        assert answer.status_code == 404
    assert api.post("/rules", {"id": "mine", "name": "Mine"}).status_code == 201
    assert api.post("/rules/dry-run", {"rule_id": "mine", "camera_id": camera}, who="bob").status_code == 404
    assert api.post("/rules/dry-run", {"rule": {}, "camera_id": camera}, who="eve").status_code == 403
