"""From a clip in which somebody covers the lens to an event that says so: ingest, brain and a worker."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
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
from shared.messages.topics import EVENTS, MODULE_MEMORY
from shared.settings.sections import IngestSettings
from tests.conftest import wait_until
from tests.integration.modules.conftest import AT, SLOW_S, Shop, StartWorker
from tests.integration.modules.test_scene_of_a_clip import at_work
from tests.unit.modules.camera_health import drawn

CADENCE = {"enabled": True, "every_s": 2, "burst": 3, "burst_fps": 4}
FPS = 8
OPEN_S, COVERED_S = 12, 40


def covered_after_a_while(path: Path) -> Path:
    """A clip of a yard before which a hand is held in the end."""
    draw, image = np.random.default_rng(3), drawn.yard()
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS, options={"preset": "ultrafast", "threads": "1"})
        stream.width, stream.height, stream.pix_fmt, stream.gop_size = drawn.WIDTH, drawn.HEIGHT, "yuv420p", FPS
        for index in range((OPEN_S + COVERED_S) * FPS):
            shown = image if index < OPEN_S * FPS else drawn.hand(image)
            grain = draw.normal(0, 2, (drawn.HEIGHT, drawn.WIDTH, 1))
            picture = np.clip(shown + grain, 0, 255).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            frame.pts, frame.time_base = index, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.fixture
def yard(shop: Shop, tmp_path: Path) -> Shop:
    """A site with one camera whose health is looked at every other second."""
    clip = covered_after_a_while(tmp_path / "covered.mp4")
    settings = shop.settings.model_copy(update={"ingest": IngestSettings(file_roots=(tmp_path,), record=False)})
    shop.settings = settings
    url = installation_box(settings).seal(f"{clip.as_uri()}?loop=1")
    condition = {"kind": "finding", "module": "camera_health", "label": ["covered", "black"]}
    with sessions(shop.engine).begin() as session:
        times = {"created_at": AT, "updated_at": AT}
        session.add(Account(id=1, username="anna", password_hash="x", role="admin", created_at=AT))
        session.flush()
        session.execute(delete(RuleRow))
        session.add(RuleRow(slug="covered", name="covered", condition=condition, severity=4, **times))
        names = {"slug": "yard", "name": "Yard", "url_encrypted": url, "url_masked": ""}
        options = {"modules": {"camera_health": CADENCE}}
        session.add(Camera(account_id=1, enabled=True, options=options, **names, **times))
    return shop


def test_a_lens_that_is_covered_is_one_event_with_its_picture(yard: Shop, start_worker: StartWorker) -> None:
    start_worker(enabled="camera_health")
    yard.worker()
    with (
        at_work(build_ingest(yard.settings, instance="ingest-0")),
        at_work(build_brain(yard.settings, instance="brain-0")),
    ):
        wait_until(lambda: raised(yard), SLOW_S, "the event")
    [message] = raised(yard)
    assert (message.camera, message.label, message.rules, message.severity) == ("yard", "covered", ("covered",), 4)
    with sessions(yard.engine)() as session:
        event = session.scalars(select(Event)).one()
    found = event.module_results["camera_health"]
    assert (found["status"], found["frames"], event.kind) == ("covered", 3, "detection")
    assert event.snapshot is not None
    with Image.open(io.BytesIO(yard.media.read(event.snapshot))) as picture:
        assert picture.size == (drawn.WIDTH, drawn.HEIGHT)
    kept = MODULE_MEMORY.format(camera="yard", module="camera_health")
    assert 1_000 < yard.redis.strlen(kept) < 65_536  # type: ignore[operator]
    assert yard.redis.ttl(kept) > 0  # type: ignore[operator]


def raised(shop: Shop) -> list[EventRaised]:
    messages = [decode(fields) for _, fields in shop.redis.xrange(EVENTS.stream())]
    return [message for message in messages if isinstance(message, EventRaised)]
