"""The installation that VisionFlow's examples tell of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from typing import Any

from redis import Redis
from sqlalchemy import text

from shared.domain.camera import CameraState, CameraStatus
from shared.messages.camera_status import status_fields
from shared.messages.topics import CAMERA_STATUS
from shared.settings import Settings
from tests.unit.gateway.installation import Api, open_api
from tests.unit.gateway.visionflow.flow import CAMERA, Flow
from tests.unit.gateway.visionflow.test_rectangles import REGION

AT = datetime(2024, 1, 20, 15, 45, tzinfo=UTC)


def prepare(api: Api, redis: Redis) -> Flow:
    """Alice's camera 1, which gives pictures."""
    flow = Flow(api)
    assert flow.camera(**CAMERA, model_name="yolo_v11_detect") == 1
    seen = CameraStatus(CameraState.STREAMING, AT, fps=25, width=1920, height=1080, last_frame_at=AT)
    redis.hset(CAMERA_STATUS.format(slug="cam_001"), mapping=status_fields(seen))  # type: ignore[arg-type]
    return flow


Given = Callable[[Flow, Settings], AbstractContextManager[Flow]]


def a_region(flow: Flow, _: Settings) -> AbstractContextManager[Flow]:
    assert flow.post("/rectangles/1", {"regions": [REGION]}).status_code == 200
    return nullcontext(flow)


def three_regions(flow: Flow, _: Settings) -> AbstractContextManager[Flow]:
    regions = [{**REGION, "name": name} for name in "abc"]
    assert flow.post("/rectangles/1", {"regions": regions}).status_code == 200
    return nullcontext(flow)


@contextmanager
def open_registration(flow: Flow, settings: Settings) -> Iterator[Flow]:
    with _opened(flow, settings, registration="open") as opened:
        yield opened


@contextmanager
def a_used_up_limit(flow: Flow, settings: Settings) -> Iterator[Flow]:
    with _opened(flow, settings, rate_limit_token="1 per hour") as limited:
        assert limited.get("/cameras").status_code == 200
        yield limited


def an_unreadable_row(flow: Flow, _: Settings) -> AbstractContextManager[Flow]:
    flow.login("alice")
    with flow.api.session() as session:
        session.execute(text("UPDATE cameras SET options = 'torn'"))
        session.commit()
    return nullcontext(flow)


@contextmanager
def no_database(flow: Flow, settings: Settings) -> Iterator[Flow]:
    token = flow.login("alice")
    away = settings.model_copy(update={"database_url": "postgresql+psycopg://nobody:x@127.0.0.1:1/none"})
    lost = open_api(away, flow.api.keys)
    try:
        yield Flow(lost, {"alice": token})
    finally:
        lost.opened.close()


@contextmanager
def _opened(flow: Flow, settings: Settings, **values: Any) -> Iterator[Flow]:
    gateway = settings.gateway.model_copy(update=values)
    other = open_api(settings.model_copy(update={"gateway": gateway}), flow.api.keys)
    try:
        yield Flow(other)
    finally:
        other.opened.close()


GIVEN: dict[str, Given] = {
    "a region": a_region,
    "three regions": three_regions,
    "open registration": open_registration,
    "a limit that is used up": a_used_up_limit,
    "a row that nobody can read": an_unreadable_row,
    "a database that is away": no_database,
}
