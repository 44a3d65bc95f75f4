"""Incidents in the native API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from shared.db.tables import Incident
from tests.unit.gateway.installation import START, Api

RULE = {"name": "Somebody", "condition": {"labels": ["person"]}, "incident_window_s": 120, "incident_per": "camera"}


def number(place: int) -> str:
    return f"7c9e6679-7425-40de-944b-{place:012d}"


def add(api: Api, place: int, *, who: str = "alice", rule: str = "walk", events: int = 1) -> str:
    began_at = START + timedelta(minutes=place)
    with api.session() as session:
        session.add(Incident(
            id=number(place), account_id=api.account_id(who), rule_slug=rule, camera_slug="cam_001",
            began_at=began_at, last_at=began_at + timedelta(seconds=30), events=events, severity=2,
        ))  # fmt: skip
        session.commit()
    return number(place)


def get(api: Api, path: str, **kwargs: Any) -> dict[str, Any]:
    answer = api.get(path, **kwargs)
    assert answer.status_code == 200, answer.text
    assert answer.json is not None
    return dict(answer.json)


def test_incidents_are_listed_page_by_page_for_those_whose_they_are(api: Api) -> None:
    made = [add(api, place) for place in range(5)]
    add(api, 9, who="bob")
    first = get(api, "/incidents?limit=3")
    assert (first["total"], first["count"]) == (5, 3)
    rest = get(api, f"/incidents?limit=3&cursor={first['next_cursor']}")
    assert [each["id"] for each in (*first["incidents"], *rest["incidents"])] == made[::-1]
    assert rest["next_cursor"] is None
    assert get(api, "/incidents?rule_id=other")["total"] == 0
    assert first["incidents"][0] | {"began_at": "", "last_at": ""} == {
        "id": made[4], "rule_id": "walk", "camera_id": "cam_001", "began_at": "", "last_at": "", "events_count": 1,
        "severity": 2,
    }  # fmt: skip


def test_one_incident_shows_its_events_newest_first(api: Api) -> None:
    incident = add(api, 1, events=3)
    uuids = [api.add_event(incident_id=incident, at=START + timedelta(seconds=each)) for each in range(3)]
    api.add_event()
    shown = get(api, f"/incidents/{incident}?limit=2")
    rest = get(api, f"/incidents/{incident}?cursor={shown['next_cursor']}")
    found = [each["uuid"].removeprefix("evt-") for each in (*shown["events"], *rest["events"])]
    assert found == [uuid.removeprefix("evt-") for uuid in uuids[::-1]]
    assert {each["incident_id"] for each in shown["events"]} == {incident}
    assert get(api, f"/events/{uuids[0]}?photo=false")["incident_id"] == incident


def test_what_is_another_accounts_looks_as_if_it_did_not_exist(api: Api) -> None:
    add(api, 1, who="bob")
    theirs, none = (api.get(f"/incidents/{each}") for each in (number(1), number(2)))
    assert (theirs.status_code, none.status_code) == (404, 404)
    assert theirs.json is not None
    assert none.json is not None
    assert theirs.json["message"] == none.json["message"]


def test_a_place_that_was_not_given_out_is_refused(api: Api) -> None:
    assert api.get("/incidents?cursor=abc").status_code == 400
    assert api.get(f"/incidents/{add(api, 1)}?cursor=abc").status_code == 400


def test_a_rule_says_how_its_events_belong_together(api: Api) -> None:
    made = api.post("/rules", RULE).json
    assert made is not None
    assert (made["incident_window_s"], made["incident_per"]) == (120, "camera")
    changed = api.put(f"/rules/{made['id']}", {"incident_window_s": 0}).json
    assert changed is not None
    assert (changed["incident_window_s"], changed["incident_per"]) == (0, "camera")
    changed = api.put(f"/rules/{made['id']}", {"incident_per": "track"}).json
    assert changed is not None
    assert changed["incident_per"] == "track"
    refused = api.put(f"/rules/{made['id']}", {"incident_window_s": 3601, "incident_per": "person"})
    assert refused.status_code == 400
    assert "incident_window_s" in refused.text
    assert "incident_per" in refused.text
