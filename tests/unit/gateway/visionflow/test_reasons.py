"""Whatever the core refuses for, clients hear of it in their language."""

from __future__ import annotations

import pytest

from services.gateway.dialects.visionflow.words.reasons import reason_in
from shared.domain.camera import CameraFault
from shared.domain.camera_url import CameraUrl
from shared.domain.errors import UserError
from shared.domain.polygon import Polygon
from shared.recipients.email_address import email_address
from tests.unit.gateway.visionflow.flow import CAMERA, Flow

OTHERS = ("zh-TW", "fr", "ru")


def spoken(reason: str) -> list[str]:
    """The reason in the languages other than the core's."""
    return [reason_in(language, reason) for language in OTHERS]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "rtsp://x/\x07",
        "rtsp:/x",
        "x",
        "ftp://example.com",
        "averyveryverylongone://example.com",
        "rtsp://",
        "rtsp://u:p@/x",
        "rtsp://host:99999/x",
        "rtsp://u:p@host:99999/x",
        "rtsp://admin:12/34@camera",
        "rtsp://***:***@host/x",
        "rtsp://host/x?transport=pigeon",
        "file://host/clip.mp4",
        "file:clip.mp4",
        "file:///",
        "file:///etc/passwd",
        "file:///media/clip.mp4?colour=1",
        "file:///media/clip.mp4?loop=maybe",
        "file:///media/clip.mp4?speed=2",
        "rtsp://" + "x" * 3000,
    ],
)
def test_what_is_wrong_with_an_address_of_a_camera_is_told_in_every_language(url: str) -> None:
    with pytest.raises(UserError) as refused:
        CameraUrl.parse(url, file_roots=("/media",), resolve=str)
    reason = f"{refused.value.reason} – {refused.value.remedy}"
    assert all(said != reason for said in spoken(reason)), reason


@pytest.mark.parametrize("address", ["nope", "a b@example.org", "a@", "a@localhost", "a@" + "b." * 130 + "org"])
def test_what_is_wrong_with_a_mailbox_is_told_in_every_language(address: str) -> None:
    with pytest.raises(ValueError, match=r"must be|before|after|longer") as refused:
        email_address(address)
    reason = str(refused.value)
    assert all(said != reason for said in spoken(reason)), reason


@pytest.mark.parametrize(
    "points",
    [
        [(0, 0), (1, 1)],
        [(0, 0)] * 3,
        [(0, 0), (1, 1), (2, 2)],
        [(0, 0), (1, 1), (1, 0), (0, 1)],
        [(0, 0), (1, 1), (float("nan"), 1)],
        [(number, number**2) for number in range(2000)],
    ],
)
def test_what_is_wrong_with_a_polygon_is_told_in_every_language(points: list[tuple[float, float]]) -> None:
    with pytest.raises(ValueError, match="a polygon") as refused:
        Polygon.of(points)
    reason = str(refused.value)
    assert all(said != reason for said in spoken(reason)), reason


@pytest.mark.parametrize("fault", [*(each.value for each in CameraFault), "unknown"])
def test_why_a_camera_gives_no_picture_is_told_in_every_language_without_its_inner_name(fault: str) -> None:
    reason = f"Camera cam_007 gives no picture now: {fault} – refused (401)"
    assert reason_in("en", reason) == f"The camera gives no picture now: {fault} – refused (401)"
    for said in spoken(reason):
        assert "cam_007" not in said
        assert fault not in said
        assert "picture" not in said


@pytest.mark.parametrize(
    "reason",
    [
        "must have 16 KiB at most",
        "input should be a finite number",
        "Camera cam_007 is disabled: enable it to see its picture",
        "The camera is disabled",
        "The database does not answer; try again in a moment",
        "Redis does not answer; try again in a moment",
        "Try again in a moment",
        "The service 'ingest' does not run",
        "The service 'ingest' gave no answer within 5 s",
        "Ingest gave an answer that cannot be read",
        "Too many requests wait for the cameras already; try again in a moment",
        "All 64 places for streams are taken; try again in a moment",
        "This Idempotency-Key was used before",
        "The first request with this Idempotency-Key is still being carried out",
        "mixes pixels and fractions while the resolution is not known – write all in pixels, or all as 0..1",
    ],
)
def test_refusals_of_the_core_are_told_in_every_language(reason: str) -> None:
    said = spoken(reason)
    assert all(each != reason for each in said)
    assert not any("cam_007" in each or "finite" in each for each in said)


@pytest.mark.parametrize(
    "body",
    ["[]", "3", "{", '{"a": NaN}', '{"a": 1e999}', '{"a": "\\u0000"}', "[" * 5000, '{"a":' * 40 + "1" + "}" * 40],
)
@pytest.mark.parametrize("language", OTHERS)
def test_what_is_wrong_with_a_whole_body_is_told_in_every_language(flow: Flow, body: str, language: str) -> None:
    def asked(spoken_by_client: str) -> str:
        headers = {"Accept-Language": spoken_by_client}
        answer = flow.ask("POST", "/cameras", data=body, content_type="application/json", headers=headers)
        assert answer.status_code == 422
        return str((answer.json or {})["message"])

    english = asked("en").removeprefix("The request is not valid: ")
    assert english not in asked(language)


@pytest.mark.parametrize("language", OTHERS)
def test_what_is_no_object_or_list_is_told_in_every_language(flow: Flow, language: str) -> None:
    body = {**CAMERA, "detection_areas": [3], "model_name": 7}
    answer = flow.post("/cameras", body, headers={"Accept-Language": language})
    areas = flow.post("/cameras", {**CAMERA, "detection_areas": 3}, headers={"Accept-Language": language})
    kinds = flow.post("/email_recipients", {"notification_types": ["x"]}, headers={"Accept-Language": language})
    reasons = [each["message"] for each in [answer, areas, kinds] for each in (each.json or {})["errors"]]
    assert len(reasons) == 5
    assert not any("input" in reason or " or " in reason for reason in reasons), reasons


@pytest.mark.parametrize("language", OTHERS)
def test_a_key_that_was_used_for_another_request_is_told_in_every_language(flow: Flow, language: str) -> None:
    flow.post("/cameras", CAMERA, headers={"Idempotency-Key": "k1"})
    headers = {"Idempotency-Key": "k1", "Accept-Language": language}
    other = flow.post("/cameras", {**CAMERA, "name": "b"}, headers=headers)
    assert "used for another" not in (other.json or {})["message"]
    malformed = flow.post("/cameras", CAMERA, headers={"Idempotency-Key": "a b", "Accept-Language": language})
    assert "must be" not in (malformed.json or {})["message"]
