"""The motion test on drawn grey pictures."""

from __future__ import annotations

import numpy as np
import pytest

from services.ingest.motion import Grey, MotionTest

CHANCE = np.random.default_rng(3)
GROUND = CHANCE.integers(40, 200, (18, 32)).repeat(8, axis=0).repeat(8, axis=1).astype(np.float64)


def picture(*, noise: float = 0.0, light: float = 0.0, box: tuple[int, int, int, int] | None = None) -> Grey:
    """256 × 144 cells; `box` is x, y, width, height of somebody darker by 40 levels."""
    plane = GROUND + light
    if box:
        x, y, width, height = box
        plane = plane.copy()
        plane[y : y + height, x : x + width] -= 40
    return np.clip(plane + CHANCE.normal(0, noise, GROUND.shape), 0, 255).astype(np.uint8)


def warmed(test: MotionTest, *, noise: float) -> float:
    for index in range(10):
        test.moved(picture(noise=noise), index * 1.0)
    return 10.0


@pytest.mark.parametrize("noise", [0.0, 2.0, 5.0, 9.0])
def test_noise_is_no_motion(noise: float) -> None:
    test = MotionTest()
    start = warmed(test, noise=noise)
    assert not any(test.moved(picture(noise=noise), start + index * 0.2) for index in range(50))


@pytest.mark.parametrize("noise", [0.0, 2.0, 5.0])
@pytest.mark.parametrize("size", [(3, 8), (8, 24), (80, 120)])
def test_somebody_is_motion_far_away_and_near(noise: float, size: tuple[int, int]) -> None:
    test = MotionTest()
    start = warmed(test, noise=noise)
    assert test.moved(picture(noise=noise, box=(100, 10, *size)), start)


def test_light_that_changes_slowly_is_no_motion() -> None:
    test = MotionTest()
    start = warmed(test, noise=2)
    assert not any(test.moved(picture(noise=2, light=index), start + index * 5) for index in range(40))


def test_light_that_changes_everywhere_at_once_is_no_motion() -> None:
    test = MotionTest()
    start = warmed(test, noise=2)
    assert not test.moved(picture(noise=2, light=25), start)


def test_somebody_who_stays_becomes_background() -> None:
    test = MotionTest()
    start = warmed(test, noise=1)
    moved = [test.moved(picture(noise=1, box=(100, 10, 8, 24)), start + index * 0.2) for index in range(600)]
    assert moved[0]
    assert not moved[-1]


def test_somebody_who_comes_after_a_long_time_without_a_picture_is_motion() -> None:
    test = MotionTest()
    start = warmed(test, noise=1)
    assert test.moved(picture(noise=1, box=(100, 10, 8, 24)), start + 3600)


def test_a_picture_of_another_size_begins_anew() -> None:
    test = MotionTest()
    warmed(test, noise=0)
    assert not test.moved(picture()[:72, :128], 11)
    assert not test.moved(picture()[:72, :128], 12)


@pytest.mark.parametrize("shape", [(1, 1), (1, 256), (2, 2), (256, 1), (3, 3)])
def test_pictures_of_any_shape_are_taken(shape: tuple[int, int]) -> None:
    test = MotionTest()
    for index in range(3):
        test.moved(np.full(shape, index * 50, np.uint8), float(index))


def test_somebody_who_comes_as_the_light_changes_is_motion() -> None:
    test = MotionTest()
    start = warmed(test, noise=2)
    assert test.moved(picture(noise=2, light=25, box=(100, 10, 8, 24)), start)
