from __future__ import annotations

from datetime import UTC, datetime

import pytest

from services.ingest.faults import SourceFailed
from services.ingest.snapshots import SnapshotDesk
from shared.domain.camera import CameraFault
from shared.domain.errors import InvalidMessage
from shared.messages.answers import ProbeAnswer, SnapshotAnswer
from shared.messages.commands import TakeSnapshot

DOWN = SourceFailed(CameraFault.TIMEOUT, "no answer in time")


class Scene:
    """A camera whose pictures are counted; it has none until it is `ready`."""

    def __init__(self, *, ready: bool = True) -> None:
        self.ready = ready
        self.made: list[int | None] = []

    def snapshot(self, *, width: int | None) -> SnapshotAnswer | None:
        if not self.ready:
            return None
        self.made.append(width)
        return SnapshotAnswer(camera="cam", captured_at=datetime(2026, 1, 15, tzinfo=UTC), jpeg=b"jpeg")


class Desk(SnapshotDesk):
    """A desk with a clock to be set, whose answers are kept."""

    def __init__(self) -> None:
        self.now = 0.0
        self.sent: list[tuple[str, bytes | str]] = []
        super().__init__("cam", send=self._keep, monotonic=lambda: self.now)

    def order(self, reply_to: str, *, width: int | None = None) -> None:
        self.ask(TakeSnapshot(camera="cam", reply_to=reply_to, width=width))

    def _keep(self, order: TakeSnapshot, answer: SnapshotAnswer) -> None:
        self.sent.append((order.reply_to, answer.jpeg or f"{answer.fault}: {answer.detail}"))


def test_nothing_is_made_for_nobody() -> None:
    desk, scene = Desk(), Scene()
    desk.serve(scene)
    assert scene.made == []


def test_those_who_want_the_same_size_share_a_picture() -> None:
    desk, scene = Desk(), Scene()
    for reply_to, width in {"a": None, "b": 640, "c": None, "d": 640}.items():
        desk.order(reply_to, width=width)
    desk.serve(scene)
    desk.serve(scene)
    assert sorted(scene.made, key=str) == [640, None]
    assert [reply_to for reply_to, _ in desk.sent] == ["a", "b", "c", "d"]


def test_who_asks_before_the_first_picture_waits_for_it_but_not_for_ever() -> None:
    desk, scene = Desk(), Scene(ready=False)
    desk.order("early")
    desk.serve(scene)
    desk.now = 60
    desk.order("late")
    desk.serve(scene)
    scene.ready = True
    desk.serve(scene)
    assert desk.sent == [("late", b"jpeg")]


def test_a_loss_is_told_to_those_who_wait_and_to_those_who_come_until_the_camera_is_back() -> None:
    desk, scene = Desk(), Scene()
    desk.order("waiting")
    desk.refuse(DOWN)
    desk.order("coming")
    desk.opened()
    desk.order("later")
    desk.serve(scene)
    refusal = "timeout: no answer in time"
    assert desk.sent == [("waiting", refusal), ("coming", refusal), ("later", b"jpeg")]


def test_a_crowd_is_bounded() -> None:
    desk, scene = Desk(), Scene()
    for number in range(1000):
        desk.order(str(number))
    desk.serve(scene)
    assert len(desk.sent) < 500


@pytest.mark.parametrize("jpeg", [b"", b"\xff\xd8\n{}\n\x00\xff\xd9"])
def test_a_picture_survives_the_way(jpeg: bytes) -> None:
    at = datetime(2026, 1, 15, 10, 30, 45, 123456, tzinfo=UTC)
    answer = SnapshotAnswer(
        camera="c", captured_at=at, width=2, height=2, fault=CameraFault.TLS, detail="a\nb", jpeg=jpeg
    )
    assert SnapshotAnswer.unpacked(answer.packed()) == answer


def test_findings_survive_the_way_and_fields_of_a_later_release_do_no_harm() -> None:
    answer = ProbeAnswer(ok=True, codec="hevc", width=1, height=2, fps=12.5, has_audio=None, latency_ms=3)
    assert ProbeAnswer.unpacked(answer.packed()) == answer
    assert ProbeAnswer.unpacked(b'{"ok": true, "added_later": [1]}') == ProbeAnswer(ok=True)


@pytest.mark.parametrize("content", [b"", b"null", b"{", b"\xff", b'{"camera": 3}'])
def test_what_is_no_answer_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidMessage):
        SnapshotAnswer.unpacked(content)
    with pytest.raises(InvalidMessage):
        ProbeAnswer.unpacked(content)
