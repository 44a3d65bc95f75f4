"""From a clip to an event about its scene: ingest, brain and a worker, with a stand-in that sees fire."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import delete, select

from services.brain.bootstrap import build as build_brain
from services.ingest.bootstrap import build as build_ingest
from shared.db.engine import sessions
from shared.db.secrets import installation_box
from shared.db.tables import Account, Camera, Event, RuleRow
from shared.messages.events import EventRaised
from shared.messages.message import decode
from shared.messages.topics import EVENTS
from shared.settings.sections import IngestSettings
from tests.conftest import wait_until
from tests.integration.ingest.clips import draw_clip
from tests.integration.modules.conftest import AT, SLOW_S, Shop, StartWorker

CADENCE = {"enabled": True, "every_s": 2, "burst": 4, "burst_fps": 5}


@contextmanager
def at_work(service: Any) -> Iterator[None]:
    """The service on a thread of its own."""
    stop = threading.Event()
    thread = threading.Thread(target=service.run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(SLOW_S)
    assert not thread.is_alive()


@pytest.fixture
def yard(shop: Shop, tmp_path: Path) -> Shop:
    """A site with one camera that shows a still scene, in which fire is looked for every other second."""
    clip = draw_clip(tmp_path / "still.mp4", seconds=20, gop=20)
    settings = shop.settings.model_copy(update={"ingest": IngestSettings(file_roots=(tmp_path,), record=False)})
    shop.settings = settings
    url = installation_box(settings).seal(f"{clip.as_uri()}?loop=1")
    fire = {"kind": "finding", "module": "fire_smoke", "label": ["fire"], "min_confidence": 0.5}
    with sessions(shop.engine).begin() as session:
        times = {"created_at": AT, "updated_at": AT}
        session.add(Account(id=1, username="anna", password_hash="x", role="admin", created_at=AT))
        session.flush()
        session.execute(delete(RuleRow))
        session.add(RuleRow(slug="fire", name="fire", condition=fire, severity=5, **times))
        names = {"slug": "yard", "name": "Yard", "url_encrypted": url, "url_masked": ""}
        session.add(Camera(account_id=1, enabled=True, options={"modules": {"fire_smoke": CADENCE}}, **names, **times))
    return shop


def test_a_fire_in_view_of_a_camera_is_one_event_with_its_picture(yard: Shop, start_worker: StartWorker) -> None:
    start_worker(enabled="fire_smoke")
    yard.worker()
    with (
        at_work(build_ingest(yard.settings, instance="ingest-0")),
        at_work(build_brain(yard.settings, instance="brain-0")),
    ):
        wait_until(lambda: raised(yard), SLOW_S, "the event")
        wait_until(lambda: looks(yard) >= 3, SLOW_S, "further looks")
    [message] = raised(yard)
    assert (message.camera, message.label, message.rules, message.severity) == ("yard", "fire", ("fire",), 5)
    with sessions(yard.engine)() as session:
        event = session.scalars(select(Event).where(Event.label == "fire")).one()
    assert (event.box, event.frame_width, event.frame_height) == ([4, 5, 20, 30], 320, 240)
    found = event.module_results["fire_smoke"]
    assert found["frames"] == len(set(found["times"])) == 4
    assert event.snapshot is not None
    with Image.open(io.BytesIO(yard.media.read(event.snapshot))) as picture:
        assert picture.size == (320, 240)


def raised(shop: Shop) -> list[EventRaised]:
    messages = [decode(fields) for _, fields in shop.redis.xrange(EVENTS.stream())]
    return [message for message in messages if isinstance(message, EventRaised)]


def looks(shop: Shop) -> int:
    """How many jobs have ended well."""
    ids = [key.decode().rpartition(":")[2] for key in shop.redis.scan_iter(match="modules:job:*")]
    records = [shop.book.get(job_id) for job_id in ids]
    return sum(record is not None and record.status == "completed" for record in records)
