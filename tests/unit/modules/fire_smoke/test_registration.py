"""Views are told apart, and laid over each other where the camera moved."""

from __future__ import annotations

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from services.modules.specialists.fire_smoke.registration import motion_between, shots
from tests.unit.modules.fire_smoke import drawn


def wide(seed: int = 1) -> np.ndarray:
    return cv2.resize(drawn.camera(drawn.yard(seed=seed), seed), (480, 360))


def test_a_camera_that_stands_still_gives_one_steady_shot() -> None:
    (shot,) = shots(drawn.quiet())
    assert (len(shot), shot.steady, shot.first) == (drawn.PICTURES, True, 0)
    assert shot.valid.all()


def test_a_cut_ends_a_shot() -> None:
    other = [cv2.flip(picture, -1) for picture in drawn.quiet()]
    found = shots([*drawn.quiet()[:5], *other[:6]])
    assert [(len(shot), shot.first) for shot in found] == [(5, 0), (6, 5)]


def test_a_step_of_the_exposure_is_no_cut() -> None:
    (shot,) = shots(drawn.exposure_step())
    assert shot.steady


def test_another_size_ends_a_shot() -> None:
    quiet = drawn.quiet()
    assert [len(one) for one in shots([*quiet[:4], *[picture[:200] for picture in quiet[:4]]])] == [4, 4]


def test_time_that_passed_ends_a_shot() -> None:
    assert [len(one) for one in shots(drawn.quiet()[:6], apart={4})] == [4, 2]


@settings(max_examples=15)
@given(dx=st.integers(-24, 24), dy=st.integers(-18, 18))
def test_the_motion_of_a_camera_is_found(dx: int, dy: int) -> None:
    whole = wide()
    before, after = whole[60:300, 80:400], whole[60 + dy : 300 + dy, 80 + dx : 400 + dx]
    motion = motion_between(before, after)
    assert motion is not None
    assert np.allclose(motion[:, 2], (-dx, -dy), atol=1.0)


def test_pictures_of_a_moving_camera_are_laid_over_the_first() -> None:
    whole = wide()
    (shot,) = shots([whole[60:300, 80 + 6 * n : 400 + 6 * n] for n in range(4)])
    assert not shot.steady
    difference = np.abs(shot.frames[3].astype(int) - shot.frames[0])[shot.valid]
    assert difference.mean() < 6
    assert 0.8 < shot.valid.mean() < 1
