"""Pictures in a row: who gets them, how far apart, and what those hear who do not."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import pytest

from services.ingest.bursts import BurstDesk
from services.ingest.faults import SourceFailed
from shared.domain.camera import CameraFault
from shared.messages.answers import SnapshotAnswer
from shared.messages.commands import TakeBurst

DOWN = SourceFailed(CameraFault.NETWORK, "no route")


class Scene:
    """A camera at 10 pictures a second of its own clock; it decodes nothing unless it is watched."""

    def __init__(self) -> None:
        self.at_s = 100.0
        self.newest_s: float | None = None
        self.watched = False

    def watch(self, *, on: bool) -> None:
        self.watched = on

    def snapshot(self, *, width: int | None) -> SnapshotAnswer | None:
        if self.newest_s is None:
            return None
        return SnapshotAnswer(
            camera="cam", captured_at=datetime.fromtimestamp(self.newest_s, UTC), jpeg=b"%d" % (width or 0)
        )

    def next_packet(self) -> None:
        self.at_s += 0.1
        if self.watched:
            self.newest_s = self.at_s


class Desk(BurstDesk):
    """A desk with a clock to be set, whose answers are kept."""

    def __init__(self) -> None:
        self.now = 0.0
        self.sent: list[tuple[str, SnapshotAnswer]] = []
        super().__init__(
            "cam", send=lambda order, answer: self.sent.append((order.reply_to, answer)), monotonic=lambda: self.now
        )

    def order(self, reply_to: str, *, pictures: int = 3, fps: float = 5.0) -> None:
        self.ask(TakeBurst(camera="cam", reply_to=reply_to, pictures=pictures, fps=fps, width=640))

    def run(self, scene: Scene, packets: int) -> None:
        for _ in range(packets):
            self.now += 0.1
            scene.next_packet()
            self.serve(scene)

    def times(self, reply_to: str) -> list[float]:
        theirs = [answer.captured_at for to, answer in self.sent if to == reply_to]
        return [round(at.timestamp(), 3) for at in theirs if at is not None]

    def faults(self) -> list[tuple[str, CameraFault | None]]:
        return [(to, answer.fault) for to, answer in self.sent if answer.fault is not None]


def test_nothing_is_decoded_for_nobody() -> None:
    desk, scene = Desk(), Scene()
    desk.run(scene, 5)
    assert not scene.watched
    assert desk.sent == []


def test_pictures_come_at_the_rate_that_was_asked_for_and_then_no_more() -> None:
    desk, scene = Desk(), Scene()
    desk.order("a", pictures=4, fps=5)
    desk.run(scene, 30)
    times = desk.times("a")
    assert len(times) == 4
    assert [round(after - before, 3) for before, after in pairwise(times)] == [0.2, 0.2, 0.2]
    assert not scene.watched
    assert {answer.jpeg for _, answer in desk.sent} == {b"640"}


def test_a_rate_beyond_the_cameras_gives_every_picture() -> None:
    desk, scene = Desk(), Scene()
    desk.order("a", pictures=4, fps=10)
    desk.run(scene, 8)
    assert len(desk.times("a")) == 4


def test_the_first_picture_is_one_of_now() -> None:
    desk, scene = Desk(), Scene()
    scene.newest_s = 40.0  # decoded a minute ago
    desk.order("a")
    desk.serve(scene)
    assert desk.sent == []
    desk.run(scene, 10)
    assert min(desk.times("a")) > 100


def test_bursts_are_served_one_after_the_other() -> None:
    desk, scene = Desk(), Scene()
    desk.order("a")
    desk.order("b")
    desk.run(scene, 30)
    assert max(desk.times("a")) < min(desk.times("b"))
    assert len(desk.times("b")) == 3


def test_a_camera_that_is_down_says_so_at_once_and_to_those_who_wait() -> None:
    desk, scene = Desk(), Scene()
    desk.order("a", pictures=9)
    desk.order("b")
    desk.run(scene, 4)
    desk.refuse(DOWN)
    desk.order("c")
    assert desk.faults() == [("a", CameraFault.NETWORK), ("b", CameraFault.NETWORK), ("c", CameraFault.NETWORK)]
    desk.opened()
    desk.order("d")
    desk.run(scene, 20)
    assert len(desk.times("d")) == 3


def test_a_camera_that_gives_no_picture_keeps_nobody_waiting_for_ever() -> None:
    desk, scene = Desk(), Scene()
    desk.order("a")
    desk.serve(scene)
    desk.now += 60
    desk.serve(scene)
    assert desk.faults() == [("a", CameraFault.TIMEOUT)]
    assert not scene.watched


def test_too_many_askers_are_sent_away() -> None:
    desk = Desk()
    for number in range(6):
        desk.order(str(number))
    assert [to for to, _ in desk.faults()] == ["4", "5"]


@pytest.mark.parametrize("values", [{"pictures": 0}, {"pictures": 33}, {"fps": 0.1}, {"fps": 11}])
def test_a_burst_is_bounded(values: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(values))):
        TakeBurst(**{"camera": "cam", "reply_to": "a", "pictures": 3, "fps": 5, **values})  # type: ignore[arg-type]
