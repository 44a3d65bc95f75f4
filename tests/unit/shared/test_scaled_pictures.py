"""Pictures made small enough to be sent."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from shared.media.picture_head import UnreadablePicture
from shared.media.scaled import fitting_jpeg

MIB = 1 << 20


def picture(size: tuple[int, int], kind: str = "JPEG", *, noise: float = 20, **options: object) -> bytes:
    written = io.BytesIO()
    Image.effect_noise(size, noise).convert("RGB").save(written, kind, **options)
    return written.getvalue()


def test_a_jpeg_that_fits_stays_as_it_is() -> None:
    small = picture((640, 360))
    assert fitting_jpeg(small, max_side=1280, max_bytes=MIB) is small


@pytest.mark.parametrize(
    ("size", "expected"),
    [((1920, 1080), (1280, 720)), ((1080, 1920), (720, 1280)), ((8000, 100), (1280, 16)), ((1281, 3), (1280, 3))],
)
def test_a_larger_one_keeps_its_proportions(size: tuple[int, int], expected: tuple[int, int]) -> None:
    scaled = Image.open(io.BytesIO(fitting_jpeg(picture(size), max_side=1280, max_bytes=MIB)))
    assert (scaled.size, scaled.format) == (expected, "JPEG")


def test_one_of_many_bytes_is_written_more_coarsely() -> None:
    heavy = picture((1280, 720), noise=120, quality=98)
    assert len(heavy) > 600_000
    light = fitting_jpeg(heavy, max_side=1280, max_bytes=600_000)
    assert len(light) <= 600_000
    assert Image.open(io.BytesIO(light)).size == (1280, 720)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "BMP", "GIF"])
def test_other_pictures_become_jpegs(kind: str) -> None:
    assert Image.open(io.BytesIO(fitting_jpeg(picture((64, 48), kind), max_side=99, max_bytes=MIB))).format == "JPEG"


def test_a_picture_that_lies_on_its_side_is_put_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    lying = picture((1600, 900), exif=exif)
    assert Image.open(io.BytesIO(fitting_jpeg(lying, max_side=800, max_bytes=MIB))).size == (450, 800)


@pytest.mark.parametrize("data", [b"", b"no picture", picture((2000, 1000))[:500]])
def test_what_is_no_whole_picture_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadablePicture):
        fitting_jpeg(data, max_side=1280, max_bytes=MIB)


def test_a_picture_that_fits_at_no_quality_is_refused() -> None:
    with pytest.raises(UnreadablePicture, match="does not fit into 100 bytes"):
        fitting_jpeg(picture((640, 360)), max_side=1280, max_bytes=100)
