"""Bodies as vectors, without weights."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from services.modules.specialist import Case, Finding, Picture, Specialist, Tools, open_specialist
from services.modules.specialists.reid.colour_layout import ColourLayout
from services.modules.specialists.reid.embedder import unit
from services.modules.specialists.reid.quality import body_quality
from shared.domain.box import Box
from shared.domain.errors import UserError
from shared.weights.registry import load_registry
from shared.weights.store import WeightsStore

AT = datetime(2026, 1, 15, tzinfo=UTC)
RED, BLUE, DARK, SKIN = (40, 30, 180), (160, 60, 30), (35, 30, 30), (140, 170, 210)


def body(shirt: tuple[int, int, int], trousers: tuple[int, int, int], *, height: int = 240) -> NDArray[np.uint8]:
    """A drawn person before a grey wall."""
    drawn = np.full((240, 96, 3), 130, np.uint8)
    cv2.circle(drawn, (48, 24), 18, SKIN, -1)
    cv2.rectangle(drawn, (24, 45), (72, 130), shirt, -1)
    cv2.rectangle(drawn, (30, 130), (66, 235), trousers, -1)
    return np.asarray(cv2.resize(drawn, (round(height * 0.4), height), interpolation=cv2.INTER_AREA), np.uint8)


def likeness(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> float:
    first, second = ColourLayout().embed([a, b])
    return float(first @ second)


def test_the_same_clothes_are_more_alike_than_others() -> None:
    same = likeness(body(RED, DARK), body(RED, DARK, height=100))
    assert same > 0.95
    assert same > likeness(body(RED, DARK), body(BLUE, DARK)) + 0.05
    assert same > likeness(body(RED, BLUE), body(BLUE, RED)) + 0.05  # the same colours, elsewhere


@given(st.integers(0, 2**32 - 1), st.integers(8, 200), st.integers(8, 90))
def test_every_layout_has_unit_length(seed: int, height: int, width: int) -> None:
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    (vector,) = ColourLayout().embed([noise])
    assert vector.shape == (ColourLayout.size,)
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-4)


def test_a_vector_of_no_length_stays_as_it_is() -> None:
    assert unit(np.zeros((1, 3))).tolist() == [[0, 0, 0]]


def test_a_small_a_dark_and_a_flat_body_are_worth_less() -> None:
    good = body_quality(body(RED, DARK))
    assert good > 0.8
    assert body_quality(body(RED, DARK, height=50)) < good / 2
    assert body_quality((body(RED, DARK) // 12).astype(np.uint8)) < good / 2
    assert body_quality(np.full((240, 96, 3), 130, np.uint8)) == 0
    assert body_quality(np.ascontiguousarray(body(RED, DARK)[:60])) < good  # a head, no body


@pytest.fixture
def reid(tmp_path: Path) -> Specialist:
    return open_specialist("reid", tools(tmp_path))


def tools(folder: Path) -> Tools:
    return Tools(WeightsStore(folder, load_registry()), None, state=lambda _slug: None)  # type: ignore[arg-type]


def look(reid: Specialist, *pictures: Picture, **values: Any) -> Finding:
    return reid.examine(Case(pictures, "object", AT, label="person", **values))


def test_a_body_becomes_one_vector_under_its_model(reid: Specialist) -> None:
    found = look(reid, Picture(body(RED, DARK)), Picture(body(RED, DARK, height=120)))
    (name,) = found.vectors
    assert name == "body:colour_layout_1"
    assert np.linalg.norm(found.vectors[name]) == pytest.approx(1, abs=1e-4)
    embedding = found.results["embedding"]
    assert (embedding["model"], embedding["size"], embedding["pictures"]) == ("colour_layout_1", 108, 2)


def test_the_better_picture_counts_more(reid: Specialist) -> None:
    large, small = Picture(body(RED, DARK)), Picture(body(BLUE, BLUE, height=60))
    (mixed,), (alone,), (weak,) = (
        list(look(reid, *one).vectors.values()) for one in ((large, small), (large,), (small,))
    )
    assert np.dot(mixed, alone) > np.dot(mixed, weak)


def test_only_the_subject_is_embedded(reid: Specialist) -> None:
    frame = np.full((480, 640, 3), 90, np.uint8)
    frame[100:340, 200:296] = body(RED, DARK)
    found = look(reid, Picture(frame, subject=Box(200, 100, 296, 340)))
    assert found.results["bbox"] == [200, 100, 296, 340]
    (vector,) = found.vectors.values()
    (expected,) = ColourLayout().embed([body(RED, DARK)])
    assert np.dot(vector, expected) == pytest.approx(1, abs=1e-4)


def test_what_is_no_body_leaves_no_vector(reid: Specialist) -> None:
    found = look(reid, Picture(np.full((30, 12, 3), 130, np.uint8)))
    assert found.vectors == {}
    assert found.results["embedding"] is None
    assert found.results["reason"]


def test_weights_that_were_asked_for_and_are_missing_are_named_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="argus models pull osnet_x0_25"):
        open_specialist("reid", tools(tmp_path), settings={"model": "osnet_x0_25"})
