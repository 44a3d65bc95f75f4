"""Trying rules on what was seen, without telling anybody."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from shared.db.tables import AuditRow, DecisionRow, Event, OutboxRow, RuleRow
from shared.domain.ids import event_id
from shared.messages.presences import PresenceBody, PresenceEnded, ZoneStayBody
from tests.unit.gateway.installation import START, Api
from tests.unit.gateway.test_decisions import note


def seen(
    api: Api,
    number: int,
    start: float,
    end: float,
    *,
    who: str = "alice",
    camera: str = "cam_001",
    decisions: list[dict[str, Any]] | None = None,
    **fields: Any,
) -> str:
    """A presence of so many seconds after `START`, of which `decisions` were noted; its id."""
    presence_id = f"7d3c1c1e-4a0e-5d0e-9d5e-{number:012d}"
    body: PresenceBody = PresenceEnded.example().model_copy(
        update={"presence_id": presence_id, "camera": camera, "zones": (), "started_at": at(start),
                "last_seen_at": at(end), "captured_at": at(end), **fields}
    )  # fmt: skip
    noted = {"decisions": decisions} if decisions is not None else {}
    note(api, presence_id, who=who, camera=camera, label=body.label, started_at=at(start), ended_at=at(end),
         state=body.model_dump(mode="json"), **noted)  # fmt: skip
    return presence_id


def at(second: float) -> datetime:
    return START + timedelta(seconds=second)


def stamp(second: float) -> str:
    return f"{at(second):%Y-%m-%dT%H:%M:%SZ}"


def tried(api: Api, body: dict[str, Any], who: str = "alice") -> dict[str, Any]:
    answer = api.post("/rules/dry-run", body, who=who)
    assert answer.status_code == 200, answer.json
    assert answer.json is not None
    return dict(answer.json)


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


def test_a_crowd_is_told_for_the_one_who_made_it(api: Api, camera: str) -> None:
    seen(api, 1, 0, 200), seen(api, 2, 10, 60)
    third, short, fifth = seen(api, 3, 50, 90), seen(api, 4, 70, 73), seen(api, 5, 80, 200)
    rule = {"condition": {"kind": "count", "at_least": 3, "labels": ["person"], "for_s": 5}, "cooldown_s": 60}
    told = tried(api, {"rule": rule, "camera_id": camera})
    assert [(each["presence_id"], each["timestamp"], each["cooling"]) for each in told["events"]] == [
        (third, stamp(55), False),
        (fifth, stamp(85), True),
    ]
    told = tried(api, {"rule": rule | {"condition": rule["condition"] | {"for_s": 2}, "cooldown_s": 0},
                       "camera_id": camera})  # fmt: skip
    assert [each["presence_id"] for each in told["events"]] == [third, short, fifth]


def test_who_is_there_already_is_looked_at_when_the_time_begins(api: Api, camera: str) -> None:
    seen(api, 1, 0, 3000)
    told = tried(api, {"rule": {}, "camera_id": camera, "since": stamp(2001), "until": stamp(3000)})
    assert [each["timestamp"] for each in told["events"]] == [stamp(2001)]


def test_that_nobody_is_there_is_told_without_a_presence(api: Api, camera: str) -> None:
    seen(api, 1, 100, 160)
    rule = {"condition": {"kind": "absence", "for_s": 300, "labels": ["person"]}}
    told = tried(api, {"rule": rule, "camera_id": camera, "since": stamp(0), "until": stamp(900)})
    (event,) = told["events"]
    assert (event["detection_type"], event["presence_id"], event["zones"]) == ("absence", None, [])
    assert stamp(460) <= event["timestamp"] <= stamp(475)


def test_what_another_account_saw_on_a_camera_of_that_id_is_not_told(api: Api, camera: str) -> None:
    seen(api, 1, 0, 30, who="bob")
    for who in ("alice", "boss"):
        assert tried(api, {"rule": {}, "camera_id": camera}, who=who)["examined"] == 0


def test_what_zones_ask_is_heeded(api: Api, camera: str) -> None:
    porch = {"name": "Porch", "points": [[0, 0], [9, 0], [9, 9]]}
    stay = ZoneStayBody(zone="Porch", entered_at=at(0), dwell_s=20, inside=True)
    seen(api, 1, 0, 20, zones=(stay,))
    span = {"camera_id": camera, "rule": {}, "since": stamp(0), "until": stamp(60)}
    for asked, told in (({}, [stamp(0)]), ({"alert_duration": 5}, [stamp(5)]), ({"notification_enabled": False}, [])):
        assert api.ask("PUT", f"/cameras/{camera}", json={"zones": [porch | asked]}).status_code == 200
        assert [event["timestamp"] for event in tried(api, span)["events"]] == told


def test_who_came_back_to_a_zone_is_undecided_where_the_first_visit_could_have_been_told(api: Api, camera: str) -> None:
    back = ZoneStayBody(zone="Porch", entered_at=at(24), dwell_s=16, inside=True)
    first = seen(api, 1, 0, 30, zones=(back,))
    seen(api, 2, 0, 30, zones=(back.model_copy(update={"dwell_s": 6}),))
    rule = {"condition": {"zone": "Porch", "passage": "leave"}}
    told = tried(api, {"rule": rule, "camera_id": camera})
    assert told["events"] == []
    assert [each["presence_id"] for each in told["undecided"]] == [first]
    assert "came back to a zone" in told["undecided"][0]["reason"]
    told = tried(api, {"rule": {"condition": {"zone": "Porch", "passage": "enter"}}, "camera_id": camera})
    assert ({each["timestamp"] for each in told["events"]}, told["undecided"]) == ({stamp(24)}, [])


KNOWN_FALSE = {"rule": "rule_001", "name": "A person", "outcome": "known_false", "at": None, "unmet": []}


@pytest.mark.parametrize(
    "condition",
    [{}, {"kind": "any", "conditions": [{}, {"kind": "finding", "module": "lpr"}]}],
    ids=["plain", "with findings"],
)
def test_what_was_silent_because_people_had_marked_the_like_is_told_apart(
    api: Api, camera: str, condition: dict[str, Any]
) -> None:
    coat, real = seen(api, 1, 0, 30, decisions=[KNOWN_FALSE]), seen(api, 2, 20, 40)
    told = tried(api, {"rule": {"condition": condition, "cooldown_s": 60}, "camera_id": camera})
    assert [(each["presence_id"], each["known_false"], each["cooling"]) for each in told["events"]] == [
        (coat, True, False),
        (real, False, False),
    ]
    rule = {"condition": {"zone": "Porch", "passage": "leave"}}
    back = ZoneStayBody(zone="Porch", entered_at=at(84), dwell_s=16, inside=True)
    seen(api, 3, 60, 90, zones=(back,), decisions=[KNOWN_FALSE])
    assert tried(api, {"rule": rule, "camera_id": camera})["undecided"] == []
