"""Why people were told, and why not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from shared.db.tables import Case, DecisionRow, Event, RuleRow, VerdictRow
from shared.domain.ids import event_id
from shared.messages.presences import PresenceBody, PresenceStarted
from tests.unit.gateway.installation import START, Api

FIRED = {"rule": "rule_001", "name": "A person", "outcome": "fired", "at": START.isoformat(), "unmet": []}
UNMET = {
    "rule": "loiters", "name": "Loitering", "outcome": "unmet", "at": None,
    "unmet": [{"field": "dwell_s", "wanted": "to stay for 20.0 s", "was": "3.5 s"}],
}  # fmt: skip


def body(presence_id: str, camera: str) -> PresenceBody:
    return PresenceStarted.example().model_copy(update={"presence_id": presence_id, "camera": camera})


def note(api: Api, presence_id: str, *, who: str = "alice", camera: str = "cam_001", **fields: Any) -> None:
    values = {
        "account_id": api.account_id(who),
        "camera_slug": camera,
        "label": "person",
        "started_at": START,
        "noted_at": START,
        "is_told": False,
        "state": body(presence_id, camera).model_dump(mode="json"),
        "decisions": [UNMET],
        **fields,
    }
    with api.session() as session:
        session.add(DecisionRow(presence_id=presence_id, **values))
        session.commit()


@pytest.fixture
def camera(api: Api) -> str:
    answer = api.post("/cameras", {"id": "cam_001", "name": "Door", "rtsp_url": "rtsp://127.0.0.1/x"})
    assert answer.status_code == 201
    return "cam_001"


def test_a_trace_tells_rules_specialists_and_deliveries(api: Api, camera: str) -> None:
    presence_id = "7d3c1c1e-4a0e-5d0e-9d5e-1f7d7b1f0a11"
    uuid = event_id(presence_id)
    api.add_event(
        uuid=uuid,
        presence_id=presence_id,
        rules=["rule_001"],
        modules_triggered=["lpr", "ocr"],
        module_results={"lpr": {}},
    )
    api.add_delivery(uuid, channel="webhook", state="dead", reason="404", attempts=3)
    note(api, presence_id, is_told=True, decisions=[FIRED, UNMET], ended_at=START)
    told = api.get(f"/events/evt-{uuid}/trace").json
    assert told is not None
    assert told["summary"] == [
        f"A person fired at {START:%Y-%m-%d %H:%M:%S} UTC.",
        "Loitering did not fire: dwell_s asks to stay for 20.0 s, it was 3.5 s.",
        "webhook: dead (404), notice.",
    ]
    assert told["modules"] == {"lpr": "answered", "ocr": "asked"}
    assert told["presence"]["event_uuid"] == f"evt-{uuid}"
    assert [each["outcome"] for each in told["presence"]["decisions"]] == ["fired", "unmet"]
    assert told["deliveries"][0]["state"] == "dead"


def test_a_day_later_an_event_still_tells_what_is_stored_with_it(api: Api) -> None:
    uuid = api.add_event(rules=["rule_001"], presence_id="gone", verdict="unverified")
    told = api.get(f"/events/{uuid}/trace").json
    assert told is not None
    assert told["presence"] is None
    assert told["summary"][:2] == ["rule_001 fired.", "The judge has said nothing: waiting."]
    assert told["summary"][2].startswith("Nobody was told")


@pytest.mark.parametrize(
    ("outcome", "verdict", "said"),
    [
        ("judged", "rejected", ["The judge said rejected in time: A coat.", "Nobody was told: the judge rejected it."]),
        ("misfit", "unverified", ["The judge answered twice what is no verdict."]),
    ],
)
def test_a_trace_tells_why_the_judge_kept_it_from_people(api: Api, outcome: str, verdict: str, said: list[str]) -> None:
    uuid = api.add_event(rules=["rule_001"], verdict=verdict, ai_response="A coat.")
    with api.session() as session:
        event = session.scalars(select(Event).where(Event.uuid == uuid)).one()
        session.add(
            VerdictRow(event_id=event.id, verdict=verdict, reason="A coat.", outcome=outcome, in_time=True,
                       evidence=[], at=START)
        )  # fmt: skip
        session.commit()
    told = api.get(f"/events/{uuid}/trace").json
    assert told is not None
    assert told["summary"][1 : 1 + len(said)] == said


def test_a_trace_tells_until_when_people_wait_for_the_judge(api: Api) -> None:
    uuid = api.add_event(rules=["rule_001"], verdict="unverified")
    with api.session() as session:
        event = session.scalars(select(Event).where(Event.uuid == uuid)).one()
        session.add(
            Case(event_id=event.id, severity=1, opened_at=START, due_at=START + timedelta(seconds=4), withheld="{}",
                 told=False, evidence=[], not_before=START)
        )  # fmt: skip
        session.commit()
    told = api.get(f"/events/{uuid}/trace").json
    assert told is not None
    assert told["summary"][-1] == "Nobody was told so far: the judge has until 2026-01-15 10:30:04 UTC."


def test_decisions_are_paged_the_latest_first(api: Api, camera: str) -> None:
    for number in range(5):
        at = START + timedelta(seconds=number // 2)
        note(api, f"p{number}", started_at=at, is_told=number == 3, label="car" if number == 1 else "person")
    seen: list[str] = []
    cursor = ""
    while True:
        page = api.get(f"/cameras/{camera}/decisions?limit=2{cursor}").json
        assert page is not None
        assert page["total"] == 5
        seen += [each["presence_id"] for each in page["presences"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == ["p4", "p3", "p2", "p1", "p0"]

    def found(query: str) -> list[str]:
        answer = api.get(f"/cameras/{camera}/decisions?{query}").json
        assert answer is not None
        return [each["presence_id"] for each in answer["presences"]]

    assert found("told=true") == ["p3"]
    assert found("label=car") == ["p1"]
    later = f"{START + timedelta(seconds=2):%Y-%m-%dT%H:%M:%SZ}"
    assert found(f"since={later}") == ["p4"]
    assert found(f"until={later}") == ["p3", "p2", "p1", "p0"]


def test_rules_that_are_switched_off_are_named(api: Api, camera: str) -> None:
    with api.session() as session:
        for slug, about in (("off", camera), ("elsewhere", "cam_999"), ("all", None)):
            session.add(
                RuleRow(slug=slug, name=slug, enabled=False, condition={}, camera_slug=about,
                        account_id=api.account_id("alice"), created_at=START, updated_at=START)
            )  # fmt: skip
        session.commit()
    told = api.get(f"/cameras/{camera}/decisions").json
    assert told is not None
    assert [each["rule"] for each in told["disabled"]] == ["off", "all"]


def test_nobody_learns_of_what_another_account_saw(api: Api, camera: str) -> None:
    uuid = api.add_event(presence_id="p1")
    note(api, "p1")
    for path in (f"/events/{uuid}/trace", f"/cameras/{camera}/decisions"):
        hidden, missing = (
            api.get(path, who="bob"),
            api.get(path.replace(uuid, uuid[::-1]).replace("001", "777"), who="bob"),
        )
        assert hidden.status_code == missing.status_code == 404
    assert api.get(f"/cameras/{camera}/decisions?cursor=nonsense").status_code == 400
