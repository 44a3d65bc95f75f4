"""Drawn fire and smoke is found; what is like them, but is none, is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import cv2
import numpy as np
import pytest

from services.modules.specialists.fire_smoke.burst import at_working_size, judge
from services.modules.specialists.fire_smoke.settings import FireSmokeSettings
from tests.unit.modules.fire_smoke import drawn
from tests.unit.modules.fire_smoke.drawn import Burst

RED, ORANGE, GREY, YELLOW = (40, 45, 215), (30, 120, 255), (120, 120, 122), (40, 200, 250)
AMBER, BLUE = (30, 140, 255), (255, 80, 30)

FIRES: dict[str, Callable[[], Burst]] = {
    "flames": drawn.flames,
    "small flames": lambda: drawn.flames(size=22),
    "large flames": lambda: drawn.flames(size=80),
    "flames by night": lambda: drawn.flames(light=0.2),
}
SMOKES: dict[str, Callable[[], Burst]] = {
    "grey smoke": drawn.smoke,
    "white smoke": lambda: drawn.smoke(shade=220),
    "dark smoke": lambda: drawn.smoke(shade=60),
    "slow smoke": lambda: drawn.smoke(speed=6),
    "a dark column": drawn.column,
    "a light column": lambda: drawn.column(shade=170),
}
HARMLESS: dict[str, Callable[[], Burst]] = {
    "nothing": drawn.quiet,
    "a red jacket walking by": lambda: drawn.walker(RED),
    "an orange vest walking by": lambda: drawn.walker(ORANGE),
    "an orange vest walking slowly": lambda: drawn.walker(ORANGE, step=4),
    "grey clothing walking by": lambda: drawn.walker(GREY),
    "an orange vest at work": lambda: drawn.loiterer(ORANGE),
    "a red jacket at work": lambda: drawn.loiterer(RED),
    "grey clothing at work": lambda: drawn.loiterer(GREY),
    "a blinking amber light": lambda: drawn.lamp(AMBER, on=lambda n: n % 2),
    "a blinking amber light by night": lambda: drawn.lamp(AMBER, on=lambda n: n % 2, light=0.2),
    "a blue light by night": lambda: drawn.lamp(BLUE, on=lambda n: n % 3 == 0, light=0.2),
    "a pulsing light by night": lambda: drawn.lamp(AMBER, on=lambda n: 0.5 + 0.5 * float(np.sin(n)), light=0.2),
    "a red neon sign": lambda: drawn.lamp((60, 60, 255), on=lambda _n: 1),
    "headlights coming nearer": drawn.headlights,
    "a red flag": lambda: drawn.flag(RED),
    "an orange flag": lambda: drawn.flag(ORANGE),
    "a yellow flag": lambda: drawn.flag(YELLOW),
    "a grey flag": lambda: drawn.flag(GREY),
    "a television": drawn.television,
    "another television": lambda: drawn.television(seed=9),
    "a sunset": drawn.sunset,
    "a pan over bricks": drawn.bricks_panned,
    "an exposure that hunts": drawn.exposure_step,
    "fog": drawn.fog,
    "lights that go out": drawn.lights_out,
    "a cloud's shadow": drawn.shadow,
    "rain": drawn.rain,
    "autumn leaves": lambda: drawn.foliage((20, 120, 240)),
    "yellow leaves": lambda: drawn.foliage((30, 190, 250)),
    "green leaves": lambda: drawn.foliage((40, 140, 60)),
    "a lorry that stops": drawn.lorry,
    "cuts": drawn.cuts,
}


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Iterator[None]:
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    yield
    cv2.setNumThreads(before)


@pytest.mark.parametrize("kind", FIRES)
def test_flames_are_fire(kind: str) -> None:
    judged = judge(FIRES[kind](), FireSmokeSettings())
    assert judged.status == "fire"
    box = judged.found[0].box
    assert 120 <= (box.x1 + box.x2) / 2 <= 220
    assert box.y2 <= 215


@pytest.mark.parametrize("kind", SMOKES)
def test_smoke_is_smoke(kind: str) -> None:
    judged = judge(SMOKES[kind](), FireSmokeSettings())
    assert judged.status == "smoke"
    assert judged.found[0].box.area > 0.03 * drawn.WIDTH * drawn.HEIGHT


@pytest.mark.parametrize("kind", HARMLESS)
def test_what_is_harmless_raises_no_alarm(kind: str) -> None:
    judged = judge(HARMLESS[kind](), FireSmokeSettings())
    assert judged.status in ("none", "uncertain"), judged
    assert judged.found == ()


@pytest.mark.parametrize("pictures", [1, 2, 3])
def test_too_few_pictures_of_a_fire_are_a_suspicion(pictures: int) -> None:
    judged = judge(drawn.flames()[:pictures], FireSmokeSettings())
    assert judged.status == "uncertain"
    assert judged.found == ()
    assert {one.label for one in judged.suspected} == {"fire"}
    assert all(one.confidence < 0.5 for one in judged.suspected)


def test_one_picture_repeated_is_never_a_fire() -> None:
    judged = judge(drawn.flames()[:1] * 12, FireSmokeSettings())
    assert judged.status in ("none", "uncertain")


def test_pictures_taken_too_far_apart_are_not_compared() -> None:
    judged = judge(drawn.flames(), FireSmokeSettings(), apart=range(1, drawn.PICTURES))
    assert judged.status == "uncertain"
    assert "changes" in judged.reason


def test_the_least_area_is_asked_of_flames_and_smoke() -> None:
    choosy = FireSmokeSettings(min_area_share=0.1)
    assert judge(drawn.flames(size=22), choosy).found == ()
    assert judge(drawn.column(), choosy).found == ()


def test_more_is_asked_where_less_sensitivity_is_wanted() -> None:
    levels = [judge(drawn.smoke(), FireSmokeSettings.model_validate({"sensitivity": name})) for name in ("low", "high")]
    low, high = (judged.found[0].confidence if judged.found else 0.0 for judged in levels)
    assert low <= high


def test_tiny_pictures_are_too_small_to_tell() -> None:
    judged = judge([np.zeros((20, 300, 3), np.uint8)] * 8, FireSmokeSettings())
    assert (judged.status, judged.reason) == ("uncertain", "the pictures are too small to tell")


@pytest.mark.parametrize(("size", "scale"), [((720, 1280), 0.25), ((100, 80), 1.0), ((1, 6400), 0.05)])
def test_pictures_are_looked_at_no_larger_than_working_size(size: tuple[int, int], scale: float) -> None:
    small, by = at_working_size(np.zeros((*size, 3), np.uint8))
    assert max(small.shape[:2]) <= 320
    assert min(small.shape[:2]) >= 1
    assert by == scale
