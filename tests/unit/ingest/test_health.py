"""Which facts people are told of a camera, and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.ingest.faults import SourceFailed
from services.ingest.health import CameraHealth
from shared.domain.camera import CameraFault, CameraState
from shared.messages.camera_status import read_status, read_told_down_since, status_fields
from shared.messages.health import CameraCameUp, CameraWentDown, GapRecorded

START = datetime(2026, 1, 15, 10, 0, tzinfo=UTC)
LOST = SourceFailed(CameraFault.NETWORK, "the connection was refused")


def at(second: float) -> datetime:
    return START + timedelta(seconds=second)


def health(**options: datetime) -> CameraHealth:
    return CameraHealth("cam", now=START, down_after_s=60, **options)


def stream(camera: CameraHealth, second: float) -> list[object]:
    return list(camera.streaming(at(second), codec="h264", width=1280, height=720, fps=25.0))


def test_a_camera_that_works_has_nothing_to_tell() -> None:
    camera = health()
    assert [fact for second in range(100) for fact in stream(camera, second)] == []
    assert camera.status.state is CameraState.STREAMING
    assert (camera.status.since, camera.status.last_frame_at) == (at(0), at(99))


def test_a_short_break_is_a_gap_and_no_more() -> None:
    camera = health()
    stream(camera, 0)
    assert camera.failed(at(5), LOST) == []
    assert camera.looked_at(at(30)) == []
    assert stream(camera, 31) == [
        GapRecorded(camera="cam", started_at=at(0), ended_at=at(31), fault=CameraFault.NETWORK)
    ]


def test_a_long_break_is_told_once_and_its_end_once() -> None:
    camera = health()
    stream(camera, 0)
    facts = [*camera.failed(at(5), LOST), *camera.looked_at(at(59))]
    assert facts == []
    told = [*camera.looked_at(at(60)), *camera.failed(at(70), LOST), *camera.looked_at(at(600))]
    assert [type(fact) for fact in told] == [CameraWentDown]
    assert told[0].since == at(0)
    back = stream(camera, 700)
    assert CameraCameUp(camera="cam", since=at(0), at=at(700)) in back
    assert stream(camera, 701) == []


def test_a_camera_that_never_worked_is_told_down_without_a_gap() -> None:
    camera = health()
    camera.failed(at(1), LOST)
    assert [type(fact) for fact in camera.looked_at(at(61))] == [CameraWentDown]
    assert [type(fact) for fact in stream(camera, 90)] == [CameraCameUp]


def test_a_file_that_ended_is_not_down() -> None:
    camera = health()
    stream(camera, 0)
    assert camera.failed(at(5), SourceFailed(CameraFault.ENDED, "the recording has ended")) == []
    assert camera.looked_at(at(500)) == []
    assert camera.status.state is CameraState.OFFLINE


def test_what_an_earlier_run_told_is_not_told_again_but_its_end_is() -> None:
    camera = health(told_down_since=at(-300))
    assert [*camera.failed(at(1), LOST), *camera.looked_at(at(500))] == []
    assert stream(camera, 501) == [CameraCameUp(camera="cam", since=at(-300), at=at(501))]


@pytest.mark.parametrize(
    ("fault", "state"),
    [
        (CameraFault.AUTH_FAILED, CameraState.ERROR),
        (CameraFault.NOT_FOUND, CameraState.ERROR),
        (CameraFault.UNSUPPORTED_CODEC, CameraState.ERROR),
        (CameraFault.NETWORK, CameraState.OFFLINE),
        (CameraFault.STALLED, CameraState.OFFLINE),
        (CameraFault.TIMEOUT, CameraState.OFFLINE),
    ],
)
def test_a_fault_stays_on_show_until_the_camera_works_again(fault: CameraFault, state: CameraState) -> None:
    camera = health()
    camera.failed(at(1), SourceFailed(fault, "why"))
    camera.connecting(at(2))
    assert (camera.status.state, camera.status.fault, camera.status.detail) == (state, fault, "why")
    stream(camera, 3)
    assert (camera.status.state, camera.status.fault, camera.status.detail) == (CameraState.STREAMING, None, "")


def test_a_status_survives_its_hash() -> None:
    camera = health()
    stream(camera, 3)
    for status in (camera.status, health().status):
        fields = {name.encode(): value.encode() for name, value in status_fields(status, told_down_since=at(1)).items()}
        assert read_status(fields) == status
        assert read_told_down_since(fields) == at(1)
    assert read_status({}) is None
    assert read_status({"state": "flying", "since": "x"}) is None
