"""Names of zones on the live picture, in whatever letters people use."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from services.eye.lettering import lettering
from services.eye.pictures import overlaid
from shared.domain.polygon import Polygon
from shared.domain.zone import Zone

GREY = np.full((360, 640, 3), 60, np.uint8)


def drawn(*names: str) -> np.ndarray:
    polygon = Polygon(((0.3, 0.4), (0.7, 0.4), (0.7, 0.8), (0.3, 0.8)))
    shown = overlaid(GREY, [], [Zone(name=name, polygon=polygon) for name in names])
    picture = cv2.imdecode(np.frombuffer(shown, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return np.asarray(picture)


def bar(picture: np.ndarray) -> np.ndarray:
    """What is just above the zone's upper left corner."""
    return picture[110:142, 190:300]


@pytest.mark.parametrize("name", ["Вход", "Entrée", "Πύλη", "入口區域"])
def test_a_name_is_written_in_its_own_letters(name: str) -> None:
    if lettering(name, 16) is None:
        pytest.skip("no font of this machine has these letters (apt-get install fonts-dejavu fonts-noto-cjk)")
    assert np.abs(bar(drawn(name)).astype(int) - bar(drawn("\ue000\ue001")).astype(int)).max() > 100
    dark = (bar(drawn(name)).max(axis=2) < 60).sum()
    assert dark > 20, "letters are black on the bar"


def test_a_name_that_no_font_has_is_a_number() -> None:
    assert lettering("\ue000\ue001", 16) is None
    assert np.array_equal(bar(drawn("\ue000\ue001")), bar(drawn("zone 1")))


def test_a_long_name_and_one_at_the_edge_stay_inside_the_picture() -> None:
    corner = Polygon(((0.0, 0.0), (1.0, 0.0), (1.0, 1.0)))
    for name in ("é" * 128, "é", "\u0301", "é\n\té"):
        assert overlaid(GREY[:40, :60], [], [Zone(name=name, polygon=corner)])


def test_a_name_is_written_once_and_kept() -> None:
    lettering("é", 17)
    before = lettering.cache_info().hits
    assert lettering("é", 17) is lettering("é", 17)
    assert lettering.cache_info().hits == before + 2
