"""Trying `gate then door` on what both cameras saw."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from shared.db.tables import RuleRow
from tests.unit.gateway.installation import START, Api
from tests.unit.gateway.test_dry_runs import counts, seen, stamp, tried

Events = list[tuple[str, str, bool]]


@pytest.fixture
def two(api: Api) -> Api:
    """Alice's gate and door, Bob's yard; an hour later."""
    for who, slug, zones in (
        ("alice", "gate", []),
        ("alice", "door", [{"name": "Porch", "points": [[0, 0], [9, 0], [9, 9]]}]),
        ("bob", "yard", []),
    ):
        body = {"id": slug, "name": slug, "rtsp_url": "rtsp://127.0.0.1/x", "zones": zones}
        assert api.post("/cameras", body, who=who).status_code == 201
    api.clock.forward(hours=1)
    return api


def walk(*cameras: str | None, within_s: float = 60, **fields: Any) -> dict[str, Any]:
    """A rule whose steps are that somebody is on these cameras."""
    steps = [{"condition": {"labels": ["person"]}} | ({"camera": each} if each else {}) for each in cameras]
    return {"condition": {"kind": "sequence", "within_s": within_s, "steps": steps}, **fields}


def events(told: dict[str, Any]) -> Events:
    return [(each["presence_id"], each["timestamp"], each["cooling"]) for each in told["events"]]


def test_who_comes_to_the_door_after_the_gate_is_told_and_nothing_is_stored(two: Api) -> None:
    seen(two, 1, 0, 10, camera="gate")
    door = seen(two, 2, 40, 60, camera="door")
    seen(two, 3, 71, 80, camera="door")  # 61 s after the gate
    seen(two, 4, 90, 99, camera="gate")
    before = counts(two)
    told = tried(two, {"rule": walk("gate", "door")})
    assert events(told) == [(door, stamp(40), False)]
    assert (told["camera_id"], told["examined"], told["undecided"]) == ("door", 4, [])
    assert counts(two) == before


def test_a_step_before_the_time_counts_and_an_event_before_it_does_not(two: Api) -> None:
    seen(two, 1, 0, 10, camera="gate")
    seen(two, 2, 20, 100, camera="door")
    late = seen(two, 3, 60, 70, camera="door")
    span = {"since": stamp(50), "until": stamp(90)}
    assert events(tried(two, {"rule": walk("gate", "door"), **span})) == [(late, stamp(60), False)]
    assert events(tried(two, {"rule": walk("gate", "door", within_s=40), **span})) == []


def test_what_is_completed_while_the_rule_cools_down_is_marked(two: Api) -> None:
    seen(two, 1, 0, 10, camera="gate")
    first, second = seen(two, 2, 20, 200, camera="door"), seen(two, 3, 30, 200, camera="door")
    told = tried(two, {"rule": walk("gate", "door", cooldown_s=60)})
    assert events(told) == [(first, stamp(20), False), (second, stamp(30), True)]
    told = tried(two, {"rule": walk("gate", "door", cooldown_s=60, cooldown_per="track")})
    assert [cooling for *_, cooling in events(told)] == [False, False]


def test_a_step_outside_its_schedule_is_not_done(two: Api) -> None:
    seen(two, 1, 0, 10, camera="gate")
    seen(two, 2, 20, 30, camera="door")
    rule = walk("gate", "door")
    awake = {"timezone": "UTC", "windows": [{"from": "10:30", "to": "10:31"}]}
    asleep = {"timezone": "UTC", "windows": [{"from": "12:00", "to": "13:00"}]}
    for schedule, number in ((awake, 1), (asleep, 0)):
        rule["condition"]["steps"][0]["condition"] = {"schedule": schedule}
        assert len(tried(two, {"rule": rule})["events"]) == number


def test_a_stored_sequence_is_tried_on_all_its_cameras(two: Api) -> None:
    added = two.post("/rules", {"id": "walk", "name": "Walk", **walk("gate", "door")})
    assert added.status_code == 201
    seen(two, 1, 0, 10, camera="gate")
    door = seen(two, 2, 20, 30, camera="door")
    for more in ({}, {"camera_id": "door"}, {"camera_id": "gate"}):
        assert events(tried(two, {"rule_id": "walk", **more})) == [(door, stamp(20), False)]
    answer = two.post("/rules/dry-run", {"rule_id": "walk", "camera_id": "door"}, who="bob")
    assert answer.status_code == 404


def test_steps_that_name_no_camera_are_that_of_the_request(two: Api) -> None:
    seen(two, 1, 0, 10, camera="gate")
    door = seen(two, 2, 20, 30, camera="door")
    told = tried(two, {"rule": walk("gate", None), "camera_id": "door"})
    assert (told["camera_id"], events(told)) == ("door", [(door, stamp(20), False)])


@pytest.mark.parametrize("other", ["yard", "cellar"])
def test_another_accounts_camera_is_as_if_it_were_not_there(two: Api, other: str) -> None:
    seen(two, 1, 0, 10, camera="yard", who="bob")
    seen(two, 2, 20, 30, camera="door")
    answer = two.post("/rules/dry-run", {"rule": walk(other, "door")})
    assert answer.status_code == 400
    assert answer.json is not None
    assert "'rule.condition.steps[0].camera' there is no such camera" in answer.json["message"]
    # A rule that was stored before the camera was somebody else's.
    with two.session() as session:
        condition = walk(other, "door")["condition"]
        values = {"name": "old", "camera_slug": "door", "condition": condition, "created_at": START}
        session.add(RuleRow(slug="old", account_id=two.account_id("alice"), updated_at=START, **values))
        session.commit()
    assert two.post("/rules/dry-run", {"rule_id": "old"}).status_code == 404


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"rule": walk("gate", None)}, "'rule.condition.steps[1].camera' is required"),
        ({"rule": walk("gate", "door"), "camera_id": "yard"}, "'camera_id' is no camera of the rule's sequence"),
        ({"rule": walk("gate", "door", within_s=0)}, "rule.condition.within_s"),
        ({"rule": walk("gate")}, "rule.condition.steps"),
    ],
)
def test_what_cannot_be_tried_is_refused_at_its_field(two: Api, body: dict[str, Any], said: str) -> None:
    answer = two.post("/rules/dry-run", body)
    assert answer.status_code == 400
    assert answer.json is not None
    assert said in answer.json["message"]


def test_a_clip_shows_no_step_of_another_camera(two: Api) -> None:
    data = {"clip": (io.BytesIO(b"x"), "clip.mp4"), "rule": json.dumps(walk("gate", "door"))}
    answer = two.ask("POST", "/rules/dry-run", data=data, content_type="multipart/form-data")
    assert answer.status_code == 400
    assert answer.json is not None
    assert "'rule.condition.steps[0].camera' is another camera than the clip's" in answer.json["message"]
