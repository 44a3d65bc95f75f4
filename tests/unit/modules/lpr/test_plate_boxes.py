"""Reading what LPD-YuNet answers."""

from __future__ import annotations

import numpy as np

from services.modules.specialists.lpr.plate_boxes import anchors, decoded


def test_it_looks_where_its_strides_put_it():
    at = anchors((320, 240))
    assert at.shape == (30 * 40 * 3 + 15 * 20 * 2 + 7 * 10 * 2 + 3 * 5 * 3, 4)
    np.testing.assert_allclose(at[0], (4 / 320, 4 / 240, 10 / 320, 10 / 240))


def test_corners_are_told_from_their_anchor():
    at = np.array([[0.5, 0.5, 0.2, 0.1]], np.float32)
    loc = np.zeros((1, 14), np.float32)
    loc[0, [4, 5]] = -10.0
    loc[0, [12, 13]] = 10.0
    corners, scores = decoded(loc, np.array([[0.2, 0.8]], np.float32), np.array([[2.0]], np.float32), at)
    np.testing.assert_allclose(corners[0, 0], (0.3, 0.4), atol=1e-6)
    np.testing.assert_allclose(corners[0, 3], (0.7, 0.6), atol=1e-6)
    np.testing.assert_allclose(scores, [np.sqrt(0.8)], atol=1e-6)
