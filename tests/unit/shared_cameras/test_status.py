from __future__ import annotations

from datetime import UTC, datetime

import pytest
from redis import Redis

from shared.cameras.status import read_statuses
from shared.domain.camera import CameraFault, CameraState, CameraStatus
from shared.messages.camera_status import STATUS_FRESH_S, STATUS_RENEW_S, STATUS_TTL_S, status_fields
from shared.messages.topics import CAMERA_STATUS

AT = datetime(2026, 1, 15, 10, 30, tzinfo=UTC)
STREAMING = CameraStatus(
    state=CameraState.STREAMING, since=AT, fps=25.0, width=1920, height=1080, codec="h264", last_frame_at=AT
)


def tell(redis: Redis, slug: str, status: CameraStatus, *, age_s: float) -> None:
    """As if ingest had told it so long ago."""
    key = CAMERA_STATUS.format(slug=slug)
    redis.hset(key, mapping=status_fields(status))  # type: ignore[arg-type]
    redis.pexpire(key, round((STATUS_TTL_S - age_s) * 1000))


def test_what_ingest_keeps_telling_is_so(redis: Redis) -> None:
    tell(redis, "new", STREAMING, age_s=0)
    tell(redis, "renewed", STREAMING, age_s=2 * STATUS_RENEW_S)
    assert read_statuses(redis, ["new", "renewed", "unknown"]) == {"new": STREAMING, "renewed": STREAMING}


@pytest.mark.parametrize("state", [CameraState.STREAMING, CameraState.CONNECTING, CameraState.ERROR])
def test_what_nobody_renews_is_history(redis: Redis, state: CameraState) -> None:
    fault = CameraFault.AUTH_FAILED if state is CameraState.ERROR else None
    tell(redis, "one", CameraStatus(state=state, since=AT, fault=fault, fps=25, width=640, height=360), age_s=60)
    told = read_statuses(redis, ["one"])["one"]
    assert (told.state, told.fault, told.fps) == (CameraState.OFFLINE, None, 0)
    assert (told.width, told.height) == (640, 360)
    assert "ingest does not run" in told.detail


def test_what_was_not_renewed_twice_is_still_believed() -> None:
    assert 2 * STATUS_RENEW_S < STATUS_FRESH_S < STATUS_TTL_S


def test_a_status_that_cannot_be_read_is_none(redis: Redis) -> None:
    redis.hset(CAMERA_STATUS.format(slug="one"), mapping={"state": "dreaming"})
    assert read_statuses(redis, ["one"]) == {}
    assert read_statuses(redis, []) == {}
