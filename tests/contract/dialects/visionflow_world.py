"""The installation that VisionFlow's examples tell of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from typing import Any

from redis import Redis
from sqlalchemy import select, text

from shared.db.tables import Alert, Event, RecipientRow
from shared.domain.camera import CameraState, CameraStatus
from shared.domain.ids import alert_id
from shared.messages.camera_status import status_fields
from shared.messages.topics import CAMERA_STATUS
from shared.settings import Settings
from tests.integration.alerts.line_server import Fault, LineServer
from tests.unit.gateway.installation import SNAPSHOT, Api, open_api
from tests.unit.gateway.visionflow.flow import CAMERA, Flow
from tests.unit.gateway.visionflow.test_rectangles import REGION

LINE_TOKEN = "AbCdEf1234567890GhIjKl1234567890"
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


def notifications(flow: Flow, _: Settings) -> AbstractContextManager[Flow]:
    """Alerts of the camera, each with its picture."""
    for _number in range(87):
        flow.api.add_event(confidence=0.95, snapshot=SNAPSHOT)
    with flow.api.session() as session:
        for event in session.scalars(select(Event)):
            notice = {"text": "檢測到可疑活動"}
            number, alert = event.account_id, alert_id(event.uuid)
            session.add(
                Alert(id=alert, event_uuid=event.uuid, account_id=number, notice=notice, decided_at=flow.api.clock())
            )
        session.commit()
    return nullcontext(flow)


def notifications_of_which_one_is_read(flow: Flow, settings: Settings) -> AbstractContextManager[Flow]:
    notifications(flow, settings)
    assert flow.patch("/notifications/1", {"status": "read"}).status_code == 200
    return nullcontext(flow)


def a_mailbox(flow: Flow, _: Settings) -> AbstractContextManager[Flow]:
    assert flow.post("/email_recipients", {"email": "security@company.com", "name": "安全部門"}).status_code == 201
    with flow.api.session() as session:
        row = session.scalars(select(RecipientRow)).one()
        row.verified_at = row.last_told_at = flow.api.clock()
        session.commit()
    return nullcontext(flow)


@contextmanager
def an_address_for_links(flow: Flow, settings: Settings) -> Iterator[Flow]:
    with _opened(flow, settings, public_url="https://argus.example.org") as opened:
        yield opened


@contextmanager
def line(flow: Flow, settings: Settings) -> Iterator[Flow]:
    with _asking_line(flow, settings, LINE_TOKEN) as opened:
        yield opened


@contextmanager
def line_that_knows_nobody(flow: Flow, settings: Settings) -> Iterator[Flow]:
    with _asking_line(flow, settings) as opened:
        yield opened


@contextmanager
def line_that_is_silent(flow: Flow, settings: Settings) -> Iterator[Flow]:
    with _asking_line(flow, settings, LINE_TOKEN, fault=Fault(hang_up=True)) as opened:
        yield opened


@contextmanager
def a_line_account(flow: Flow, settings: Settings) -> Iterator[Flow]:
    with _asking_line(flow, settings, LINE_TOKEN) as opened:
        assert opened.post("/line_tokens", {"token": LINE_TOKEN, "name": "主管群組"}).status_code == 201
        with opened.api.session() as session:
            session.scalars(select(RecipientRow)).one().last_told_at = opened.api.clock()
            session.commit()
        yield opened


@contextmanager
def _asking_line(flow: Flow, settings: Settings, *tokens: str, fault: Fault | None = None) -> Iterator[Flow]:
    server = LineServer()
    server.tokens = set(tokens)
    server.faults.extend([fault] if fault else [])
    alerts = settings.alerts.model_copy(update={"channel_settings": {"line": {"base_url": server.url}}})
    try:
        with _opened(flow, settings.model_copy(update={"alerts": alerts})) as opened:
            yield opened
    finally:
        server.close()


GIVEN: dict[str, Given] = {
    "a region": a_region,
    "three regions": three_regions,
    "open registration": open_registration,
    "a limit that is used up": a_used_up_limit,
    "a row that nobody can read": an_unreadable_row,
    "a database that is away": no_database,
    "87 notifications": notifications,
    "87 notifications, the first read": notifications_of_which_one_is_read,
    "a mailbox that is verified": a_mailbox,
    "an address for links": an_address_for_links,
    "a LINE account": a_line_account,
    "LINE, which knows the token": line,
    "LINE, which does not know the token": line_that_knows_nobody,
    "LINE, which is silent": line_that_is_silent,
}
