"""Overlap of boxes and non-maximum suppression."""

from __future__ import annotations

import numpy as np
import pytest

from shared.domain.box import Box
from shared.vision.suppression import covered, iou_matrix, suppress


@pytest.mark.parametrize(
    ("boxes", "scores", "classes", "kept"),
    [
        ([], [], [], []),
        ([[0, 0, 10, 10]], [0.5], [0], [0]),
        ([[0, 0, 10, 10], [0, 0, 10, 10]], [0.5, 0.9], [0, 0], [1]),
        ([[0, 0, 10, 10], [0, 0, 10, 10]], [0.5, 0.9], [0, 1], [1, 0]),
        ([[0, 0, 10, 10], [20, 0, 30, 10]], [0.5, 0.9], [0, 0], [1, 0]),
        # The middle one falls to the first, so it cannot pull the third down with it.
        ([[0, 0, 10, 10], [4, 0, 14, 10], [8, 0, 18, 10]], [0.9, 0.8, 0.7], [0, 0, 0], [0, 2]),
        ([[5, 5, 5, 5], [5, 5, 5, 5]], [0.9, 0.8], [0, 0], [0, 1]),
    ],
)
def test_the_best_of_each_heap_of_one_class_is_kept(boxes, scores, classes, kept):
    found = suppress(
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array(scores, np.float32),
        classes=np.array(classes, np.intp),
        iou=0.4,
    )
    assert found.tolist() == kept


def test_overlap_is_measured_pair_by_pair():
    a = np.array([[0, 0, 10, 10], [100, 100, 110, 110]], np.float64)
    b = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [0, 0, 0, 0]], np.float64)
    assert iou_matrix(a, b) == pytest.approx(np.array([[1, 1 / 3, 0], [0, 0, 0]]))


def test_a_model_that_fires_everywhere_gives_a_bounded_number():
    random = np.random.default_rng(1)
    corners = random.uniform(0, 400, (50_000, 2))
    boxes = np.concatenate([corners, corners + 20], axis=1)
    kept = suppress(boxes, random.uniform(size=50_000), classes=np.zeros(50_000, np.intp), iou=0.5)
    assert len(kept) <= 300


@pytest.mark.parametrize(
    ("a", "b", "share"),
    [
        (Box(0, 0, 10, 10), Box(2, 2, 4, 4), 1.0),
        (Box(0, 0, 10, 10), Box(5, 0, 15, 10), 0.5),
        (Box(0, 0, 10, 10), Box(20, 0, 30, 10), 0.0),
        (Box(0, 0, 0, 0), Box(0, 0, 10, 10), 0.0),
    ],
)
def test_covering_is_a_share_of_the_smaller_box(a, b, share):
    assert covered(a, b) == covered(b, a) == share
