"""Clips: what is written can be read, in each container, with the truth beside it."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from services.cli.demo.encoder import Codec, encode, render
from services.cli.demo.scenes import scene
from services.cli.demo.stage import frames
from services.cli.demo.truth import read_truth, truth_path
from shared.domain.errors import UserError

SMALL = (320, 180)
SHORT = scene("yard", seconds=2, fps=6, size=SMALL)


def decoded(path: Path) -> list[av.VideoFrame]:
    with av.open(str(path)) as container:
        return list(container.decode(video=0))


@pytest.mark.parametrize(
    ("ending", "codec", "name"),
    [
        ("mp4", "h264", "h264"),
        ("ts", "h264", "h264"),
        ("mkv", "h264", "h264"),
        ("h264", "h264", "h264"),
        ("mp4", "h265", "hevc"),
        ("h265", "h265", "hevc"),
        ("avi", "mjpeg", "mjpeg"),
        ("mjpeg", "mjpeg", "mjpeg"),
    ],
)
def test_a_clip_can_be_decoded(tmp_path: Path, ending: str, codec: Codec, name: str) -> None:
    clip = render(SHORT, tmp_path / f"clip.{ending}", codec=codec)
    with av.open(str(clip.path)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == name
        pictures = [frame.to_ndarray(format="bgr24") for frame in container.decode(stream)]
    assert len(pictures) == SHORT.frame_count == 12
    for picture, frame in zip(pictures, frames(SHORT), strict=True):
        assert np.abs(picture.astype(int) - frame.image).mean() < 8


def test_keyframes_come_every_gop(tmp_path: Path) -> None:
    clip = render(SHORT, tmp_path / "clip.mp4", gop=4)
    assert [frame.key_frame for frame in decoded(clip.path)] == [True, False, False, False] * 3


def test_frames_come_at_the_rate_that_was_asked_for(tmp_path: Path) -> None:
    clip = render(SHORT, tmp_path / "clip.mp4", fps=12.5, size=(160, 90))
    pictures = decoded(clip.path)
    assert (pictures[0].width, pictures[0].height) == (160, 90)
    assert len(pictures) == 25
    assert pictures[-1].time == pytest.approx(24 / 12.5, abs=0.001)
    assert clip.duration_s == pytest.approx(2.0)


def test_the_truth_lies_beside_the_clip(tmp_path: Path) -> None:
    drawn = scene("parking", seconds=8, fps=2, size=SMALL)
    clip = render(drawn, tmp_path / "clip.mp4")
    truth = read_truth(tmp_path / "clip.truth.json")
    assert (truth.scene, truth.size, truth.fps) == ("parking", SMALL, 2)
    assert truth.tracks("car") == {1}
    assert len(truth.frames) == drawn.frame_count
    for read, known in zip(truth.frames, clip.truth.frames, strict=True):
        assert [(box.label, box.track_id, box.text) for box in read.boxes] == [
            (box.label, box.track_id, box.text) for box in known.boxes
        ]
        for one, other in zip(read.boxes, known.boxes, strict=True):
            assert one.box.as_xyxy() == pytest.approx(other.box.as_xyxy(), abs=0.06)


def test_the_same_scene_is_the_same_bytes(tmp_path: Path) -> None:
    one, other = (render(SHORT, tmp_path / name).path.read_bytes() for name in ("one.ts", "other.ts"))
    assert one == other


def test_a_bitrate_is_kept_roughly(tmp_path: Path) -> None:
    sizes = [
        render(SHORT, tmp_path / "clip.h264", bitrate_bps=bitrate).path.stat().st_size for bitrate in (100_000, 600_000)
    ]
    assert sizes[0] * 2 < sizes[1]


@pytest.mark.parametrize(
    ("name", "codec", "size", "message"),
    [
        ("clip.gif", "h264", SMALL, "path: cannot write clip.gif"),
        ("clip.h264", "h265", SMALL, "codec: .h264 cannot hold h265"),
        ("clip.mp4", "h264", (321, 180), "size: 321×180"),
    ],
)
def test_what_cannot_be_written_is_explained(
    tmp_path: Path, name: str, codec: Codec, size: tuple[int, int], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        render(SHORT, tmp_path / name, codec=codec, size=size)
    assert list(tmp_path.iterdir()) == []


def test_a_clip_that_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    def breaks() -> object:
        yield np.zeros((180, 320, 3), np.uint8)
        raise RuntimeError("no more pictures")

    with pytest.raises(RuntimeError, match="no more pictures"):
        encode(breaks(), tmp_path / "clip.mp4", fps=5, size=SMALL)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_a_clip_without_truth_has_none(tmp_path: Path) -> None:
    clip = render(SHORT, tmp_path / "clip.mp4", truth=False)
    assert clip.truth_path is None
    assert not truth_path(clip.path).exists()
