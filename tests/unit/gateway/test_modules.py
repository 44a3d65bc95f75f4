"""/modules: which there are, handing one a job, and what became of it."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import zlib
from datetime import UTC, datetime
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select
from werkzeug.test import TestResponse

from shared.db.tables import Camera
from shared.domain.module import MODULES
from shared.jobs import QUEUE_MODULES
from shared.modules.book import JobBook, JobRecord
from shared.modules.roster import ModuleInfo, Roster, WorkerInfo
from tests.unit.gateway.installation import START, Api

CAMERA = {"id": "cam_001", "name": "Entrance", "rtsp_url": "rtsp://192.0.2.1/1"}
PULL = "run 'argus models pull movenet_lightning'"
CROP = "crops/cam_001/2026/01/15/7d3c.jpg"
SNAPSHOT = "snapshots/cam_001/2026/01/15/7d3c.jpg"


def picture(width: int = 64, height: int = 48) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(out, "JPEG")
    return out.getvalue()


def huge_png() -> bytes:
    """A header that promises 100 megapixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", 10_000, 10_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.fixture
def worker(api: Api) -> WorkerInfo:
    """A worker that lives, has ocr and lpr, and lacks the weights of pose."""
    told = WorkerInfo(
        instance="modules-worker-0",
        run="modules-worker-0/1",
        queues=("modules",),
        ready=True,
        modules=(
            ModuleInfo(name="ocr", version="1", scopes=("object", "scene"), available=True),
            ModuleInfo(name="fire_smoke", version="1", scopes=("scene",), available=True),
            ModuleInfo(
                name="pose", version="1", reason="no weights", remedy="run 'argus models pull movenet_lightning'"
            ),
        ),
    )
    Roster(api.opened.gateway.redis).tell(told)
    return told


def book(api: Api, *, worker: str = "modules-worker-0/1") -> JobBook:
    return JobBook(api.opened.gateway.redis, now=lambda: datetime.now(UTC), worker=worker)


def send_photo(api: Api, module: str = "ocr", *, photo: bytes | None = None, **fields: Any) -> TestResponse:
    content = picture() if photo is None else photo
    data = {"photo": (io.BytesIO(content), "../../odd name.jpg"), **fields}
    return api.ask("POST", f"/modules/{module}/trigger", data=data, content_type="multipart/form-data")


def uploads(api: Api) -> list[str]:
    return api.opened.gateway.media.names("jobs")


def stored(api: Api, answer: TestResponse) -> JobRecord:
    assert answer.status_code == 202, answer.json
    record = book(api).get(answer.json["job_id"])
    assert record is not None
    return record


@pytest.fixture
def event(api: Api) -> str:
    """An event of alice's with pictures."""
    for path in (CROP, SNAPSHOT):
        api.opened.gateway.media.write(path, picture())
    return api.add_event(snapshot=SNAPSHOT, crop=CROP, track_id=7, presence_id="p-1")


def test_a_photo_is_queued_and_kept_for_the_worker(api: Api, worker: WorkerInfo) -> None:
    answer = send_photo(api)
    record = stored(api, answer)
    assert answer.json == {"job_id": record.id, "module": "ocr", "status": "queued", "queue_position": 0}
    assert len(record.id) == len("job-") + 12
    [ref] = record.order.pictures
    assert api.opened.gateway.media.read(ref.path) == picture()
    assert record.order.scope == "scene"
    assert api.opened.gateway.redis.llen(QUEUE_MODULES) == 1


def test_a_photo_says_where_and_when_it_was_taken(api: Api, worker: WorkerInfo) -> None:
    assert api.post("/cameras", CAMERA).status_code == 201
    record = stored(api, send_photo(api, camera_id="cam_001", timestamp="2025-01-15T11:30:45+01:00"))
    assert (record.order.camera, record.order.at.isoformat()) == ("cam_001", "2025-01-15T10:30:45+00:00")


def test_the_position_counts_the_jobs_ahead(api: Api, worker: WorkerInfo) -> None:
    positions = [send_photo(api).json["queue_position"] for _ in range(3)]
    assert positions == [0, 1, 2]


def test_a_job_about_an_event_has_the_options_of_its_camera(api: Api, worker: WorkerInfo, event: str) -> None:
    assert api.post("/cameras", CAMERA).status_code == 201
    with api.opened.gateway.writing() as session:
        camera = session.scalars(select(Camera).where(Camera.slug == "cam_001")).one()
        camera.options = {"modules": {"ocr": {"enabled": False, "every_s": 5, "languages": ["fr"]}}}
    order = stored(api, api.post("/modules/ocr/trigger", {"event_uuid": event})).order
    assert order.options == {"languages": ["fr"]}


def test_an_event_is_looked_at_by_its_crop_and_by_its_picture(api: Api, worker: WorkerInfo, event: str) -> None:
    of_object = stored(api, api.post("/modules/ocr/trigger", {"event_uuid": f"evt-{event}"})).order
    assert (of_object.pictures[0].path, of_object.scope, of_object.event_uuid) == (CROP, "object", event)
    assert (of_object.camera, of_object.track_id, of_object.at) == ("cam_001", 7, START)
    of_scene = stored(api, api.post("/modules/fire_smoke/trigger", {"event_uuid": event})).order
    assert (of_scene.pictures[0].path, of_scene.scope) == (SNAPSHOT, "scene")


def test_a_path_of_the_media_store_is_taken(api: Api, worker: WorkerInfo, event: str) -> None:
    body = {"image_path": SNAPSHOT, "context": {"timestamp": "2025-01-15T10:30:45Z"}}
    order = stored(api, api.post("/modules/ocr/trigger", body)).order
    assert (order.pictures[0].path, order.at.isoformat()) == (SNAPSHOT, "2025-01-15T10:30:45+00:00")


def test_a_whole_path_inside_the_media_store_is_taken(api: Api, worker: WorkerInfo, event: str) -> None:
    whole = str(api.opened.gateway.media.local_path(SNAPSHOT))
    assert whole.startswith("/")
    assert stored(api, api.post("/modules/ocr/trigger", {"image_path": whole})).order.pictures[0].path == SNAPSHOT
    assert api.post("/modules/ocr/trigger", {"image_path": whole}, who="bob").status_code == 400


@pytest.mark.parametrize(
    "path",
    ["/etc/passwd", "../argus.db", "snapshots/../../argus.db", "snapshots/none.jpg", "snapshots", "a\\b.jpg", "é.jpg"],
)
def test_a_path_that_is_no_picture_of_the_store_is_refused(api: Api, worker: WorkerInfo, path: str) -> None:
    answer = api.post("/modules/ocr/trigger", {"image_path": path}, who="boss")
    assert answer.status_code == 400
    assert "'image_path'" in answer.json["message"]


def test_somebody_elses_picture_event_and_camera_are_not_there(api: Api, worker: WorkerInfo, event: str) -> None:
    assert api.post("/cameras", CAMERA).status_code == 201
    theirs = api.post("/modules/ocr/trigger", {"image_path": SNAPSHOT}, who="bob")
    nobodys = api.post("/modules/ocr/trigger", {"image_path": "snapshots/none.jpg"}, who="bob")
    assert (theirs.status_code, theirs.json["message"]) == (400, nobodys.json["message"])
    assert api.post("/modules/ocr/trigger", {"event_uuid": event}, who="bob").status_code == 404
    body = {"image_path": SNAPSHOT, "context": {"camera_id": "cam_001"}}
    assert api.post("/modules/ocr/trigger", body, who="bob").status_code == 404
    assert api.post("/modules/ocr/trigger", body, who="boss").status_code == 202


@pytest.mark.parametrize("body", [{}, {"image_path": SNAPSHOT, "event_uuid": "evt-1"}, {"context": {}}])
def test_exactly_one_source_is_needed(api: Api, worker: WorkerInfo, body: dict[str, object]) -> None:
    answer = api.post("/modules/ocr/trigger", body)
    assert answer.status_code == 400
    assert all(name in answer.json["message"] for name in ("image_path", "event_uuid", "photo"))


@pytest.mark.parametrize(
    ("photo", "reason"),
    [
        (b"", "must not be empty"),
        (b"GIF89a", "not a picture"),
        (b"<svg/>", "not a picture"),
        (huge_png(), "more than 50 megapixels"),
    ],
    ids=["empty", "cut off", "svg", "bomb"],
)
def test_a_photo_that_will_not_be_looked_at_is_refused_at_the_door(
    api: Api, worker: WorkerInfo, photo: bytes, reason: str
) -> None:
    answer = send_photo(api, photo=photo)
    assert answer.status_code == 400
    assert answer.json["message"].startswith("Field 'photo'")
    assert reason in answer.json["message"]
    assert uploads(api) == []
    assert book(api).open_jobs() == []


def test_a_photo_of_more_than_eight_mebibytes_is_refused(api: Api, worker: WorkerInfo) -> None:
    assert send_photo(api, photo=picture() + b"\0" * (8 * 2**20)).status_code == 413
    assert uploads(api) == []


def test_an_unknown_module_is_not_there_and_one_without_weights_says_what_to_install(
    api: Api, worker: WorkerInfo
) -> None:
    assert send_photo(api, "nonsense").status_code == 404
    answer = send_photo(api, "pose")
    assert answer.status_code == 503
    assert PULL in answer.json["message"]
    assert int(answer.headers["Retry-After"]) > 0
    assert uploads(api) == []


def test_without_a_worker_nothing_is_taken(api: Api) -> None:
    answer = send_photo(api)
    assert answer.status_code == 503
    assert "no worker runs" in answer.json["message"]
    assert uploads(api) == []


def test_a_full_queue_refuses_more_and_keeps_nothing(api: Api, worker: WorkerInfo) -> None:
    bound = api.opened.gateway.settings.modules.queue_bound
    redis = api.opened.gateway.redis
    redis.zadd("modules:open", {f"job-{number} modules": number for number in range(bound)})
    answer = send_photo(api)
    assert answer.status_code == 503
    assert "full" in answer.json["message"]
    assert answer.headers["Retry-After"] == "5"
    assert uploads(api) == []


def test_a_job_is_told_as_it_goes(api: Api, worker: WorkerInfo) -> None:
    job_id, ours = send_photo(api).json["job_id"], book(api)
    assert api.get(f"/modules/jobs/{job_id}").json == {
        "job_id": job_id,
        "status": "queued",
        "progress": 0.0,
        "queue_position": 0,
    }
    assert ours.claim(job_id) is not None
    ours.tell_progress(job_id, 0.35)
    assert api.get(f"/modules/jobs/{job_id}").json == {"job_id": job_id, "status": "processing", "progress": 0.35}
    assert ours.complete(job_id, {"lines": []})
    told = api.get(f"/modules/jobs/{job_id}").json
    assert isinstance(told.pop("processing_time_ms"), int)
    assert told == {"job_id": job_id, "status": "completed", "module": "ocr", "results": {"lines": []}}


def test_a_job_that_failed_says_why(api: Api, worker: WorkerInfo) -> None:
    job_id, ours = send_photo(api).json["job_id"], book(api)
    assert ours.claim(job_id) is not None
    assert ours.fail(job_id, "it is dark")
    told = api.get(f"/modules/jobs/{job_id}").json
    assert (told["status"], told["error"]) == ("failed", "it is dark")


def test_a_job_is_its_askers_and_the_administrators(api: Api, worker: WorkerInfo) -> None:
    job_id = send_photo(api).json["job_id"]
    answers = {who: api.get(f"/modules/jobs/{job_id}", who=who).status_code for who in ("alice", "bob", "boss")}
    assert answers == {"alice": 200, "bob": 404, "boss": 200}


@pytest.mark.parametrize("job_id", ["job-0123456789ab", "nonsense", "job-", "job-" + "x" * 60, "*"])
def test_a_job_that_is_not_there_is_404(api: Api, job_id: str) -> None:
    assert api.get(f"/modules/jobs/{job_id}").status_code == 404


def test_a_viewer_may_read_and_not_trigger(api: Api, worker: WorkerInfo) -> None:
    assert api.post("/modules/ocr/trigger", {"image_path": SNAPSHOT}, who="eve").status_code == 403
    assert api.get("/modules", who="eve").status_code == 200
    assert api.get("/modules", who=None).status_code == 401


def test_all_modules_are_listed_with_what_they_lack(api: Api, worker: WorkerInfo) -> None:
    answer = api.get("/modules").json
    modules = {module["name"]: module for module in answer["modules"]}
    assert answer["count"] == len(modules) == len(MODULES)
    assert modules["ocr"]["available"]
    assert modules["pose"]["remedy"] == PULL
    assert modules["face"]["reason"] == "no worker has it"


def test_the_listing_says_when_no_worker_runs(api: Api) -> None:
    assert {module["reason"] for module in api.get("/modules").json["modules"]} == {"no worker runs"}


def test_the_same_order_under_one_key_is_one_job(api: Api, worker: WorkerInfo, event: str) -> None:
    headers = {"Idempotency-Key": "once"}
    first, second = (
        api.post("/modules/ocr/trigger", {"event_uuid": event}, headers=headers).json["job_id"] for _ in range(2)
    )
    assert first == second
    assert book(api).open_jobs() == [first]


def test_the_gateway_loads_nothing_that_decodes_pictures() -> None:
    code = "import services.gateway.bootstrap, sys; print([m for m in ('cv2', 'onnxruntime') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]"
