"""Colours as a cheap way to tell people apart."""

from __future__ import annotations

import numpy as np
import pytest

from services.eye.appearance import SIZE, blend, describe, distances
from shared.domain.box import Box

BOX = Box(100, 100, 140, 200)
RED, BLUE, BLACK, WHITE = (30, 30, 200), (200, 60, 30), (15, 15, 15), (240, 240, 240)


def dressed(top: tuple[int, ...], legs: tuple[int, ...], *, noise: int = 0, light: float = 1.0) -> np.ndarray:
    image = np.full((300, 300, 3), 128, np.float64)
    image[100:150, 100:140] = top
    image[150:200, 100:140] = legs
    grain = np.random.default_rng(1).normal(0, noise, image.shape)
    return np.clip(image * light + grain, 0, 255).astype(np.uint8)


def apart(a: np.ndarray, b: np.ndarray) -> float:
    return float(distances(describe(a, [BOX]), describe(b, [BOX]))[0, 0])


def test_the_same_clothes_look_alike_in_noise_and_weaker_light():
    assert apart(dressed(RED, BLACK), dressed(RED, BLACK)) == pytest.approx(0, abs=1e-3)
    assert apart(dressed(RED, BLACK), dressed(RED, BLACK, noise=8, light=0.9)) < 0.35


@pytest.mark.parametrize(
    "other", [(BLUE, BLACK), (RED, WHITE), (BLACK, RED)], ids=["other jacket", "other trousers", "upside down"]
)
def test_other_clothes_look_different(other):
    assert apart(dressed(RED, BLACK), dressed(*other)) > 0.5


@pytest.mark.parametrize("box", [Box(-90, -90, -10, -10), Box(100, 100, 101, 101), Box(400, 400, 500, 500)])
def test_what_cannot_be_seen_is_unknown_and_not_different(box):
    image = dressed(RED, BLACK)
    found = describe(image, [box])
    assert not found.any()
    assert np.isnan(distances(found, describe(image, [BOX]))).all()


def test_a_box_half_outside_the_picture_is_described_by_what_is_inside():
    assert describe(dressed(RED, BLACK), [Box(-20, 100, 60, 200)]).any()


def test_nobody_has_no_colours():
    assert describe(dressed(RED, BLACK), []).shape == (0, SIZE)


def test_memory_moves_towards_what_is_seen_and_ignores_what_is_not():
    old, new = (describe(dressed(*worn), [BOX])[0] for worn in ((RED, BLACK), (BLUE, WHITE)))
    nothing = np.zeros(SIZE, np.float32)
    half = blend(old, new, share=0.5)
    assert 0.2 < float(distances(half[None], old[None])[0, 0]) < 0.9
    assert np.allclose(blend(old, new, share=1), new)
    assert blend(old, nothing, share=0.5) is old
    assert blend(nothing, new, share=0.5) is new
