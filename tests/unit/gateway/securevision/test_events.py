from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.unit.gateway.installation import FACE, PLATE, START
from tests.unit.gateway.securevision.conftest import Client

MS = 1768473000000
A_FACE = {
    "id": 1,
    "type": "face_match",
    "ts_ms": MS,
    "frame_source_id": "cam_001",
    "created_at": "2026-01-15T10:30:00Z",
    "payload": {
        "person_name": "John Doe",
        "similarity": 0.92,
        "bbox": [100, 150, 250, 300],
        "embedding_distance": 0.35,
    },
}
A_PLATE = {
    "id": 2,
    "type": "plate_read",
    "ts_ms": MS + 5000,
    "frame_source_id": "camera_driveway",
    "created_at": "2026-01-15T10:30:06Z",
    "payload": {
        "plate_text": "ABC1234",
        "confidence": 0.88,
        "region": "US-CA",
        "list_match": "whitelist",
        "bbox": [300, 400, 450, 480],
    },
}


@pytest.fixture
def both(client: Client) -> Client:
    client.api.add_recognition()
    at = START + timedelta(seconds=5)
    client.api.add_recognition(
        at=at, stored_at=at + timedelta(seconds=1), camera="camera_driveway", kind="plate_read", data=PLATE
    )
    return client


def test_every_field_is_the_contracts(both: Client) -> None:
    answer = both.get("/events")
    assert (answer.status_code, answer.content_type) == (200, "application/json")
    assert answer.json == [A_PLATE, A_FACE]
    assert both.get("/faces/1").json == A_FACE
    assert both.get("/plates/2").json == A_PLATE


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("type=face_match", [1]),
        ("type=plate_read", [2]),
        (f"since={MS}", [2]),
        (f"since={MS - 1}", [2, 1]),
        (f"since={MS + 5000}", []),
        ("since=253402300799998", []),
        ("since=0&limit=1", [2]),
        ("since=00&limit=01", [2]),
        ("limit=1000", [2, 1]),
        (f"type=face_match&since={MS - 1}&limit=20", [1]),
        ("colour=red", [2, 1]),
    ],
)
def test_events_are_chosen_by_type_time_and_number(both: Client, query: str, ids: list[int]) -> None:
    assert [each["id"] for each in both.get(f"/events?{query}").json] == ids


def test_what_was_told_up_to_a_time_is_not_told_again_after_it(client: Client) -> None:
    client.api.add_recognition(at=START + timedelta(microseconds=700))
    (told,) = client.get("/events").json
    assert client.get(f"/events?since={told['ts_ms']}").json == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=ten", "limit"),
        ("limit=", "limit"),
        ("limit=1.5", "limit"),
        ("type=face", "type"),
        ("type=FACE_MATCH", "type"),
        ("type=", "type"),
        ("since=-1", "since"),
        ("since=2026-01-15", "since"),
        ("since=NaN", "since"),
        ("since=1e400", "since"),
        ("since=99999999999999999999999", "since"),
        ("limit=" + "9" * 5000, "limit"),
        ("limit=1.0", "limit"),
        ("limit=1_0", "limit"),
        ("limit=%2B5", "limit"),
        ("limit=%205", "limit"),
        ("limit=5%0A", "limit"),
        ("limit=%D9%A3", "limit"),
        ("since=1.0", "since"),
        ("since=1_0", "since"),
        ("since=%2B1", "since"),
        ("since=-0", "since"),
    ],
)
def test_what_cannot_be_understood_is_422_and_names_the_field(both: Client, query: str, field: str) -> None:
    answer = both.get(f"/events?{query}")
    assert answer.status_code == 422, answer.text
    (wrong,) = answer.json["detail"]
    assert wrong["loc"] == ["query", field]
    assert wrong["msg"]
    assert wrong["type"] == "value_error"


def test_all_wrong_fields_are_named_at_once(both: Client) -> None:
    wrong = both.get("/events?type=x&limit=0&since=y").json["detail"]
    assert {each["loc"][1] for each in wrong} == {"type", "limit", "since"}


@pytest.mark.parametrize(
    ("path", "detail"),
    [
        ("/faces/2", "Face match event not found"),
        ("/plates/1", "Plate read event not found"),
        ("/faces/999", "Face match event not found"),
        ("/plates/-1", "Plate read event not found"),
        ("/faces/0", "Face match event not found"),
        ("/faces/99999999999999999999", "Face match event not found"),
        ("/nothing", "There is nothing at this address"),
        ("/faces", "There is nothing at this address"),
    ],
)
def test_what_is_not_there_is_404_in_the_contracts_words(both: Client, path: str, detail: str) -> None:
    answer = both.get(path)
    assert (answer.status_code, answer.json) == (404, {"detail": detail})


@pytest.mark.parametrize(
    "number", ["abc", "1.5", "%00", "1e3", "٣x", "1.0", "+1", "%2B1", "1_0", "%201", "1%0A", "٣", "--1"]
)
def test_an_id_that_is_no_number_is_422(both: Client, number: str) -> None:
    answer = both.get(f"/faces/{number}")
    assert answer.status_code == 422
    assert answer.json["detail"][0]["loc"] == ["path", "event_id"]


def test_other_peoples_recognitions_look_as_if_they_did_not_exist(both: Client) -> None:
    for who in ("bob", "eve"):
        assert both.get("/events", who=who).json == []
        assert both.get("/events?type=face_match", who=who).json == []
        assert both.get("/faces/1", who=who).json == both.get("/faces/77", who=who).json
        assert both.get("/plates/2", who=who).status_code == 404
    assert len(both.get("/events", who="boss").json) == 2
    assert both.get("/faces/1", who="boss").json == A_FACE


def test_a_camera_that_somebody_makes_anew_under_the_same_name_shows_nothing_of_before(both: Client) -> None:
    camera = {"id": "cam_001", "name": "mine now", "rtsp_url": "rtsp://192.0.2.1/x"}
    assert both.api.post("/cameras", camera, who="bob").status_code == 201
    assert both.get("/events", who="bob").json == []


@pytest.mark.parametrize(("stored", "shown"), [("allow", "whitelist"), ("deny", "blacklist"), (None, None)])
def test_lists_have_the_contracts_names(client: Client, stored: str | None, shown: str | None) -> None:
    client.api.add_recognition(kind="plate_read", data={**PLATE, "list_match": stored})
    assert client.get("/plates/1").json["payload"]["list_match"] == shown


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"similarity": None, "bbox": None, "person_name": None},
        {"similarity": 7, "bbox": [1, 2], "embedding_distance": "x"},
        {"similarity": float("nan"), "bbox": [float("inf"), 0, 0, 0], "embedding_distance": float("inf")},
    ],
)
def test_a_row_that_lacks_something_spoils_no_answer(client: Client, data: dict[str, Any]) -> None:
    client.api.add_recognition(data=FACE)
    client.api.add_recognition(data=data, at=START + timedelta(seconds=1))
    odd, good = client.get("/events").json
    assert good == A_FACE
    assert set(odd["payload"]) == set(A_FACE["payload"])  # type: ignore[call-overload]
    assert 0 <= odd["payload"]["similarity"] <= 1
    assert len(odd["payload"]["bbox"]) == 4


def test_equal_times_have_a_stable_order(client: Client) -> None:
    for _ in range(5):
        client.api.add_recognition()
    assert [each["id"] for each in client.get("/events").json] == [5, 4, 3, 2, 1]
