"""Pictures in a row from real clips: also where nothing moves and keyframes stand far apart."""

from __future__ import annotations

import io
import time
from itertools import pairwise
from pathlib import Path

from PIL import Image

from shared.messages.answers import SnapshotAnswer
from shared.messages.commands import TakeBurst
from shared.messages.topics import COMMANDS
from shared.streams import Publisher, Replies, reply_key
from tests.conftest import wait_until
from tests.integration.ingest.clips import draw_clip
from tests.integration.ingest.site import Site


def ask(site: Site, *, pictures: int, fps: float, camera: str = "cam", timeout_s: float = 20.0) -> list[SnapshotAnswer]:
    """What comes until all are there or one says why not."""
    order = TakeBurst(camera=camera, reply_to=reply_key(), pictures=pictures, fps=fps, width=160)
    Publisher(site.redis).publish(COMMANDS, order)
    answers: list[SnapshotAnswer] = []
    until = time.monotonic() + timeout_s
    while len(answers) < pictures and time.monotonic() < until:
        content = Replies(site.redis).wait(order.reply_to, 1.0)
        if content is not None:
            answers.append(SnapshotAnswer.unpacked(content))
            if answers[-1].fault is not None:
                break
    return answers


def test_a_still_scene_gives_as_many_pictures_as_were_asked_for(site: Site, tmp_path: Path) -> None:
    clip = draw_clip(tmp_path / "still.mp4", seconds=30, gop=60)
    site.add("cam", f"{clip.as_uri()}?loop=1")
    site.start()
    wait_until(lambda: (status := site.status("cam")) is not None and status.fps > 0, 20, "the camera")
    shown = len(site.frames("cam"))
    for _ in range(2):
        answers = ask(site, pictures=6, fps=4)
        assert [answer.fault for answer in answers] == [None] * 6
        times = [answer.captured_at.timestamp() for answer in answers if answer.captured_at]
        assert all(0.1 <= after - before <= 0.5 for before, after in pairwise(times))
        with Image.open(io.BytesIO(answers[0].jpeg)) as picture:
            assert picture.size == (160, 120)
    # What nobody moves in is no more to the eye than before.
    assert len(site.frames("cam")) - shown <= 4


def test_a_camera_that_is_down_says_so(site: Site, tmp_path: Path) -> None:
    site.add("cam", (tmp_path / "gone.mp4").as_uri())
    site.start()
    wait_until(lambda: site.fault("cam"), 20, "the fault")
    (answer,) = ask(site, pictures=6, fps=4)
    assert answer.fault is not None
    assert answer.jpeg == b""
