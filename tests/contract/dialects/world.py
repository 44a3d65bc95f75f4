"""The installation that the native contract's examples tell of."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from typing import Any

import cv2
import numpy as np
from redis import Redis
from sqlalchemy import insert, select, text

from services.alerts.channel import Receipt
from shared.db.tables import Alert, VerdictRow
from shared.db.tables import Event as EventRow
from shared.domain.camera import CameraState, CameraStatus
from shared.domain.ids import alert_id
from shared.messages.camera_status import status_fields
from shared.messages.topics import CAMERA_STATUS, LOGS
from shared.modules.book import JobBook
from shared.modules.order import ModuleOrder, PictureRef
from shared.modules.roster import FRESH_FOR_S, ModuleInfo, Roster, WorkerInfo
from shared.settings import Settings
from tests.unit.alerts.channel_on_hand import ChannelOnHand
from tests.unit.gateway.alert_worker import alert_worker
from tests.unit.gateway.installation import SNAPSHOT, Api, open_api

UUID = "550e8400-e29b-41d4-a716-446655440000"
JOB = "job-abc123def456"
AT = datetime(2025, 1, 15, 10, 30, 45, tzinfo=UTC)
RTSP = "rtsp://user:pass@192.168.1.100:554/Streaming/Channels/101"
ZONE = {"name": "Zone Porte", "points": [[0, 0], [100, 0], [100, 100], [0, 100]], "sensitivity": 0.8}

NOTICE = {
    "kind": "detection",
    "camera": "cam_001",
    "camera_name": "Entrée Principal",
    "text": "person in Zone Porte",
    "severity": 1,
    "verdict": "confirmed",
    "ai_response": "Personne suspecte détectée à l'entrée",
}


def prepare(api: Api, redis: Redis) -> None:
    """What every example takes for granted: cam_001, and its event with a picture, of which two channels told."""
    camera = {"id": "cam_001", "name": "Entrée Principal", "rtsp_url": RTSP, "resolution": "1920x1080", "zones": [ZONE]}
    assert api.post("/cameras", camera).status_code == 201
    seen = CameraStatus(CameraState.STREAMING, AT, fps=25, width=1920, height=1080, last_frame_at=AT.replace(second=15))
    redis.hset(CAMERA_STATUS.format(slug="cam_001"), mapping=status_fields(seen))  # type: ignore[arg-type]
    api.opened.gateway.media.write(SNAPSHOT, cv2.imencode(".jpg", np.zeros((72, 128, 3), np.uint8))[1].tobytes())
    api.add_event(
        at=AT,
        uuid=UUID,
        track_id=1,
        box=[100, 150, 200, 400],
        snapshot=SNAPSHOT,
        ai_response="Personne suspecte détectée à l'entrée",
        modules_triggered=["pose"],
        module_results={"pose": {"keypoints": [], "person_action": "standing"}},
        rules=["rule_001"],
    )
    with api.session() as session:
        judged = session.scalars(select(EventRow).where(EventRow.uuid == UUID)).one()
        judged.verdict = "confirmed"
        session.add(_verdict(judged.id))
        session.commit()
    api.add_delivery(UUID, channel="telegram")
    api.add_delivery(UUID, channel="email")
    with api.session() as session:
        session.get_one(Alert, alert_id(UUID)).notice = NOTICE
        session.commit()


def _verdict(event_id: int) -> VerdictRow:
    return VerdictRow(
        event_id=event_id,
        verdict="confirmed",
        reason="Personne suspecte détectée à l'entrée",
        threat_level=2,
        description="Une personne en vêtements sombres se tient devant la porte.",
        outcome="judged",
        in_time=True,
        model="gemma3",
        prompt_version="1",
        latency_ms=1850,
        evidence=[SNAPSHOT],
        at=AT,
    )


Given = Callable[[Api, Redis, Settings], AbstractContextManager[Api]]


def a_second_camera(api: Api, _: Redis, __: Settings) -> AbstractContextManager[Api]:
    assert api.post("/cameras", {"id": "cam_002", "name": "Parking", "rtsp_url": RTSP}).status_code == 201
    return nullcontext(api)


def many_events(api: Api, _: Redis, __: Settings) -> AbstractContextManager[Api]:
    account = api.account_id("alice")
    rows = [_event(account, AT - timedelta(minutes=number), number) for number in range(1, 156)]
    with api.session() as session:
        session.execute(insert(EventRow), rows)
        session.commit()
    return nullcontext(api)


def _event(account: int, at: datetime, number: int) -> dict[str, Any]:
    values = {"account_id": account, "camera_slug": "cam_001", "label": "person", "confidence": 0.9}
    return {**values, "uuid": f"{number:036d}", "started_at": at, "occurred_at": at, "stored_at": at}


@contextmanager
def working_channels(api: Api, _: Redis, settings: Settings) -> Iterator[Api]:
    owner = api.account_id("alice")
    channels = {
        "telegram": ChannelOnHand({"chat": owner}, lambda _: Receipt({"message_id": 12345})),
        "email": ChannelOnHand({"anna": owner, "otto": owner}),
        "physical": ChannelOnHand({"roof": owner}, lambda _: Receipt({"device": "siren"})),
    }
    with alert_worker(settings.known_redis_url, api.opened.gateway.reads, channels):
        yield api


@contextmanager
def a_worker_for_lpr(api: Api, redis: Redis, _: Settings) -> Iterator[Api]:
    labels = ("car", "truck", "bus", "motorcycle")
    lpr = ModuleInfo(name="lpr", version="1.0", scopes=("object", "scene"), labels=labels, available=True)
    worker, roster, stop = WorkerInfo(instance="modules-0", ready=True, modules=(lpr,)), Roster(redis), Event()

    def tell() -> None:
        while not stop.wait(FRESH_FOR_S / 10):
            roster.tell(worker)

    roster.tell(worker)
    thread = Thread(target=tell)
    thread.start()
    try:
        yield api
    finally:
        stop.set()
        thread.join()


def a_job_at_work(api: Api, redis: Redis, _: Settings) -> AbstractContextManager[Api]:
    book = _claimed(api, redis, lambda: AT)
    book.tell_progress(JOB, 0.35)
    return nullcontext(api)


def a_job_that_is_done(api: Api, redis: Redis, _: Settings) -> AbstractContextManager[Api]:
    times = iter([AT, AT, AT + timedelta(milliseconds=1250)])
    plate = {"plate": "AB-123-CD", "confidence": 0.92, "bbox": [100, 50, 300, 150]}
    _claimed(api, redis, lambda: next(times)).complete(JOB, {"plates": [plate]})
    return nullcontext(api)


def _claimed(api: Api, redis: Redis, now: Callable[[], datetime]) -> JobBook:
    picture, account = PictureRef(path=SNAPSHOT), api.account_id("alice")
    order = ModuleOrder(job_id=JOB, module="lpr", pictures=(picture,), scope="scene", at=AT, account_id=account)
    book = JobBook(redis, now=now, worker="on-hand")
    book.submit(order, bound=10)
    assert book.claim(JOB) is not None
    return book


def two_records(api: Api, redis: Redis, _: Settings) -> AbstractContextManager[Api]:
    older = {"timestamp": "2025-01-15T10:35:08Z", "level": "warning", "component": "brain", "event": "queue_is_long"}
    newer = {"timestamp": "2025-01-15T10:35:12Z", "level": "info", "component": "eye.yolo", "event": "detected_person"}
    for record in (older, newer):
        redis.xadd(LOGS, {"record": json.dumps(record)})
    return nullcontext(api)


@contextmanager
def a_used_up_limit(api: Api, _: Redis, settings: Settings) -> Iterator[Api]:
    limits = settings.gateway.model_copy(update={"rate_limit_key": "1 per hour"})
    with _opened(settings.model_copy(update={"gateway": limits}), api) as limited:
        assert limited.get("/cameras").status_code == 200
        yield limited


@contextmanager
def no_database(api: Api, _: Redis, settings: Settings) -> Iterator[Api]:
    away = "postgresql+psycopg://nobody:x@127.0.0.1:1/none"
    with _opened(settings.model_copy(update={"database_url": away}), api) as lost:
        yield lost


@contextmanager
def _opened(settings: Settings, like: Api) -> Iterator[Api]:
    other = open_api(settings, like.keys)
    try:
        yield other
    finally:
        other.opened.close()


def an_unreadable_row(api: Api, _: Redis, __: Settings) -> AbstractContextManager[Api]:
    with api.session() as session:
        session.execute(text("UPDATE events SET module_results = 'torn'"))
        session.commit()
    return nullcontext(api)


GIVEN: dict[str, Given] = {
    "a second camera": a_second_camera,
    "156 events": many_events,
    "channels that work": working_channels,
    "a worker for lpr": a_worker_for_lpr,
    "a job at work": a_job_at_work,
    "a job that is done": a_job_that_is_done,
    "two records": two_records,
    "a limit that is used up": a_used_up_limit,
    "a database that is away": no_database,
    "a row that nobody can read": an_unreadable_row,
}
