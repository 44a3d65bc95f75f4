from __future__ import annotations

import io
from typing import Any

import pytest
from sqlalchemy import func, select

from shared.db.tables import Camera
from tests.unit.gateway.installation import Api

JSON = {"Content-Type": "application/json"}
GOOD = b'{"name": "a", "rtsp_url": "rtsp://192.0.2.1/"'


def _post(api: Api, data: bytes, headers: dict[str, str] | None = None) -> Any:
    return api.post("/cameras", data=data, headers=JSON if headers is None else headers)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"text"',
        b"\xff\xfe",
        b"{\"name\": \"\xc3\x28\"}",
        GOOD + b', "zones": [{"name": "z", "points": [[NaN, 0], [1, 1], [1, 0]]}]}',
        GOOD + b', "zones": [{"name": "z", "points": [[Infinity, 0], [1, 1], [1, 0]]}]}',
        GOOD + b', "zones": [{"name": "z", "points": [[1e999, 0], [1, 1], [1, 0]]}]}',
        GOOD + b', "zones": [{"name": "z", "points": [[' + b"9" * 5000 + b', 0], [1, 1], [1, 0]]}]}',
        GOOD + b', "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        GOOD + b', "x": ' + b'{"a":' * 500 + b"1" + b"}" * 500 + b"}",
        GOOD + b', "x": NaN}',
        GOOD + b', "x": ' + b'{"a":' * 50 + b"1" + b"}" * 50 + b"}",
        GOOD + b', "x": "\\u0000"}',
        GOOD + b', "x": "\\ud800"}',
        GOOD + b', "\\u0000": 1}',
        b'{"name": "\\u0000", "rtsp_url": "rtsp://192.0.2.1/"}',
    ],
)  # fmt: skip
def test_a_body_that_is_no_sound_json_object_is_a_400_and_stores_nothing(api: Api, data: bytes) -> None:
    answer = _post(api, data)
    assert answer.status_code == 400, answer.text
    assert answer.json["error"] == "invalid_request"
    assert len(answer.json["message"]) < 400
    with api.session() as session:
        assert session.scalar(select(func.count()).select_from(Camera)) == 0


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
def test_another_content_type_is_a_415(api: Api, kind: str) -> None:
    answer = _post(api, GOOD + b"}", headers={"Content-Type": kind} if kind else {})
    assert answer.status_code == 415
    assert answer.json["error"] == "unsupported_media_type"


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "application/vnd.argus+json"])
def test_json_by_another_name_is_json(api: Api, kind: str) -> None:
    assert _post(api, GOOD + b"}", headers={"Content-Type": kind}).status_code == 201


def test_a_body_over_a_mebibyte_is_a_413(api: Api) -> None:
    answer = _post(api, GOOD + b', "x": "' + b"y" * 1024 * 1024 + b'"}')
    assert answer.status_code == 413
    assert answer.json["error"] == "payload_too_large"


def test_a_body_that_is_too_large_is_taken_off_the_wire_before_it_is_refused(api: Api) -> None:
    wire = io.BytesIO(b"x" * 3_000_000)
    answer = api.ask("POST", "/cameras", input_stream=wire, content_length=3_000_000, content_type="application/json")
    assert (answer.status_code, wire.tell()) == (413, 3_000_000)


def test_a_body_far_too_large_is_refused_unread(api: Api) -> None:
    wire = io.BytesIO(b"x" * 1000)
    said = {"CONTENT_LENGTH": str(10**12), "wsgi.input": wire}
    answer = api.ask("POST", "/cameras", environ_overrides=said, content_type="application/json")
    assert (answer.status_code, wire.tell()) == (413, 0)


@pytest.mark.parametrize("said", [{}, {"Idempotency-Key": "nightly"}])
def test_a_body_nobody_asked_for_is_bounded_as_well(api: Api, said: dict[str, str]) -> None:
    headers = {"Authorization": f"Bearer {api.keys['boss']}", **said}
    answer = api.post("/securevision/cleanup", data=b"x" * (1024 * 1024 + 1), headers=headers, who=None)
    assert (answer.status_code, list(answer.json or ())) == (413, ["detail"])


def test_a_body_nobody_asked_for_that_does_not_say_its_length_is_read_up_to_the_limit_alone(api: Api) -> None:
    wire = io.BytesIO(b"x" * 3_000_000)
    answer = api.ask(
        "POST",
        "/securevision/cleanup",
        who=None,
        headers={"Authorization": f"Bearer {api.keys['boss']}"},
        environ_overrides={"wsgi.input": wire, "wsgi.input_terminated": True},
    )
    assert answer.status_code == 413
    assert wire.tell() <= 1024 * 1024


def test_a_body_just_below_a_mebibyte_is_taken(api: Api) -> None:
    assert _post(api, GOOD + b', "x": "' + b"y" * (1024 * 1024 - 100) + b'"}').status_code == 201


@pytest.mark.parametrize(
    "path",
    [
        "/cameras/..%2f..%2fetc%2fpasswd", "/cameras/%00", "/cameras/%ff%fe", "/cameras/" + "a" * 5000,
        "/cameras/' OR 1=1", "/cameras/😀", "/cameras/{{7*7}}", "/cameras//", "/cameras/a/b/c", "/a//cameras", "/.env",
        "/docs/assets/../../../../etc/passwd", "/docs/assets/%2e%2e%2fplugins.py", "/deliveries/x", "/webhooks/9999",
    ],
)  # fmt: skip
def test_an_address_that_means_nothing_is_a_404_in_the_envelope(api: Api, path: str) -> None:
    answer = api.get(path)
    assert answer.status_code == 404
    assert answer.json is not None
    assert set(answer.json) == {"error", "message", "timestamp"}
    assert answer.json["error"] == "not_found"


@pytest.mark.parametrize("method", ["PATCH", "DELETE", "TRACE", "BREW"])
def test_another_method_is_a_405_that_names_those_that_work(api: Api, method: str) -> None:
    answer = api.ask(method, "/cameras")
    assert answer.status_code == 405
    assert answer.json is not None
    assert answer.json["error"] == "method_not_allowed"
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}


def test_a_get_does_not_mind_a_body(api: Api) -> None:
    assert api.get("/cameras", data=b"\xff" * 100, headers=JSON).status_code == 200


def test_a_whole_number_is_one_however_it_is_written(api: Api) -> None:
    for text in (b"30", b"30.0", b"3e1"):
        made = api.post("/auth/keys", data=b'{"name": "a", "ttl_days": %s}' % text, headers=JSON, who="boss")
        assert made.status_code == 201, made.text
    for text in (b"30.5", b'"30"', b"true", b"1e17"):
        made = api.post("/auth/keys", data=b'{"name": "a", "ttl_days": %s}' % text, headers=JSON, who="boss")
        assert made.status_code == 400, text
        assert made.json["error"] == "invalid_request"  # type: ignore[index]


@pytest.mark.parametrize("wrong", ["x", "evt-", "../../etc/passwd", "550e8400-e29b-41d4-a716-44665544000g"])
def test_an_event_to_look_deliveries_up_by_is_named_by_its_uuid(api: Api, wrong: str) -> None:
    answer = api.get("/deliveries", query_string={"event": wrong})
    assert answer.status_code == 400
    assert answer.json is not None
    assert answer.json["message"] == "Field 'event' must be the uuid of an event"


def test_text_that_cannot_be_used_is_nothing_to_mind_in_a_parameter_nobody_asked_for(api: Api) -> None:
    assert api.get("/events?x=%00&%00=1").status_code == 200


def test_text_that_cannot_be_used_is_named_with_all_else_that_is_wrong(api: Api) -> None:
    headers = {"Authorization": f"Bearer {api.keys['alice']}"}
    answer = api.get("/securevision/events?limit=0&type=%00", who=None, headers=headers)
    assert answer.status_code == 422
    assert answer.json is not None
    assert sorted(each["loc"][1] for each in answer.json["detail"]) == ["limit", "type"]
    assert api.get("/securevision/events?x=%00", who=None, headers=headers).json == []
