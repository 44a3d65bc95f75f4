"""Tiny grey pictures and JPEGs of decoded frames."""

from __future__ import annotations

import av
import cv2
import numpy as np
import pytest

from services.ingest.faults import SourceFailed
from services.ingest.pictures import PictureMaker
from shared.domain.camera import CameraFault


def frame(width: int, height: int, *, format_name: str = "yuv420p") -> av.VideoFrame:
    """Left half red, right half blue."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[:, : width // 2] = (0, 0, 220)
    picture[:, width // 2 :] = (200, 0, 0)
    return av.VideoFrame.from_ndarray(picture, format="bgr24").reformat(format=format_name)


@pytest.mark.parametrize("format_name", ["yuv420p", "yuvj420p", "yuv422p", "yuv420p10le", "nv12", "gray", "rgb24"])
@pytest.mark.parametrize("size", [(1280, 720), (642, 358), (100, 16), (2600, 1400)])
def test_a_frame_of_any_format_and_size_becomes_a_jpeg_that_looks_like_it(
    size: tuple[int, int], format_name: str
) -> None:
    made = PictureMaker(max_side=1920, jpeg_quality=85).jpeg(frame(*size, format_name=format_name))
    picture = cv2.imdecode(np.frombuffer(made.content, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert picture.shape == (made.height, made.width, 3)
    assert (made.source_width, made.source_height) == size
    assert max(made.width, made.height) <= 1920
    if format_name != "gray":
        assert picture[made.height // 2, made.width // 4].tolist() == pytest.approx([0, 0, 220], abs=25)
        assert picture[made.height // 2, made.width * 3 // 4].tolist() == pytest.approx([200, 0, 0], abs=25)


def test_a_tiny_picture_keeps_the_shape() -> None:
    maker = PictureMaker(max_side=1920, jpeg_quality=85)
    assert maker.tiny(frame(1920, 1080)).shape == (144, 256)
    assert maker.tiny(frame(1080, 1920)).shape == (256, 144)
    assert maker.tiny(frame(200, 100)).shape == (100, 200)


def test_a_picture_of_a_few_pixels_is_refused_with_its_size() -> None:
    maker = PictureMaker(max_side=1920, jpeg_quality=85)
    for make in (maker.tiny, maker.jpeg):
        with pytest.raises(SourceFailed, match="8×2") as refused:
            make(frame(8, 2))
        assert refused.value.fault is CameraFault.UNSUPPORTED_CODEC


@pytest.mark.parametrize(
    ("size", "width", "expected"),
    [
        ((1280, 720), 640, (640, 360)),
        ((1280, 720), 101, (100, 56)),
        ((1280, 720), 1280, (1280, 720)),
        ((1280, 720), 1920, (1280, 720)),
        ((3840, 2160), 1920, (1920, 1080)),
        ((1080, 3840), 16, (16, 56)),
        ((4000, 16), 16, (16, 2)),
    ],
)
def test_a_picture_is_made_as_narrow_as_is_asked_and_never_wider(
    size: tuple[int, int], width: int, expected: tuple[int, int]
) -> None:
    maker = PictureMaker(max_side=1920, jpeg_quality=85)
    made = maker.jpeg(frame(*size), most_width=width)
    picture = cv2.imdecode(np.frombuffer(made.content, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert (made.width, made.height) == (picture.shape[1], picture.shape[0]) == expected
    assert picture[made.height // 2, made.width // 4].tolist() == pytest.approx([0, 0, 220], abs=40)
    assert maker.jpeg(frame(*size)).content == PictureMaker(max_side=1920, jpeg_quality=85).jpeg(frame(*size)).content
