"""Opening picture files of any origin."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.box import Box
from shared.media.picture_head import UnreadablePicture, picture_head
from shared.vision.pictures import cut, open_picture
from tests.unit.vision.hostile import HEIGHT, LEFT, ODD, READABLE, REFUSED, RIGHT, WIDTH, grey16, halves, saved


@pytest.mark.parametrize("kind", sorted(READABLE))
def test_every_usual_kind_shows_what_it_shows(kind: str) -> None:
    picture = open_picture(READABLE[kind]())
    assert picture.shape == (HEIGHT, WIDTH, 3)
    assert picture.dtype == np.uint8
    assert picture.flags.c_contiguous
    for x, colour in ((WIDTH // 4, LEFT), (3 * WIDTH // 4, RIGHT)):
        assert np.abs(picture[HEIGHT // 2, x, ::-1].astype(int) - colour).max() < 16


@pytest.mark.parametrize("kind", sorted(ODD))
def test_every_odd_kind_is_opened(kind: str) -> None:
    assert open_picture(ODD[kind]()).ndim == 3


def test_sixteen_bits_keep_their_brightness() -> None:
    picture = open_picture(grey16())
    assert picture[0, 0].tolist() == [0x20] * 3
    assert picture[0, -1].tolist() == [0xE0] * 3


def test_what_cannot_be_seen_is_white() -> None:
    picture = open_picture(ODD["alpha"]())
    assert picture[0, 0].tolist() == [255, 255, 255]
    assert picture[0, -1, ::-1].tolist() == list(RIGHT)


@pytest.mark.parametrize("kind", sorted(REFUSED))
def test_what_is_no_whole_picture_is_refused_with_field_and_reason(kind: str) -> None:
    with pytest.raises(UnreadablePicture) as refusal:
        open_picture(REFUSED[kind](), field="body.photo")
    assert refusal.value.field == "body.photo"
    assert refusal.value.reason
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("kind", ["100 MP", "4 GP", "a long strip", "0 bytes", "not an image"])
def test_what_a_header_tells_is_refused_without_decoding(kind: str) -> None:
    with pytest.raises(UnreadablePicture):
        picture_head(REFUSED[kind]())


def test_a_head_tells_kind_and_size() -> None:
    head = picture_head(READABLE["exif-rotated"]())
    assert (head.format, head.width, head.height) == ("JPEG", HEIGHT, WIDTH)


@settings(max_examples=60)
@given(data=st.data())
def test_a_damaged_file_is_opened_or_refused_and_nothing_else(data: st.DataObject) -> None:
    content = bytearray(saved(halves(), data.draw(st.sampled_from(["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF"]))))
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        assert open_picture(bytes(content)).shape[2] == 3
    except UnreadablePicture:
        return


@pytest.mark.parametrize(
    ("box", "margin", "shape", "corner"),
    [
        (Box(10, 20, 30, 40), 0.0, (20, 20), (10, 20)),
        (Box(10, 20, 30, 40), 0.5, (40, 40), (0, 10)),
        (Box(-50, -50, 10, 10), 0.0, (10, 10), (0, 0)),
        (Box(500, 500, 600, 600), 0.0, (0, 0), (WIDTH, HEIGHT)),
    ],
)
def test_a_part_is_cut_out_inside_the_picture(
    box: Box, margin: float, shape: tuple[int, int], corner: tuple[int, int]
) -> None:
    part, where = cut(np.zeros((HEIGHT, WIDTH, 3), np.uint8), box, margin=margin)
    assert (part.shape[:2], where) == (shape, corner)
