"""Reading the output tensors of the YOLO families."""

from __future__ import annotations

import numpy as np
import pytest

from shared.vision.yolo_layouts import LAYOUTS

SIZE = (64, 32)
ANCHORS = 8 * 4 + 4 * 2 + 2 * 1


@pytest.mark.parametrize(
    ("layout", "shape"), [("yolox", (ANCHORS, 85)), ("yolov8", (84, ANCHORS))], ids=["yolox", "yolov8"]
)
def test_the_output_shape_follows_from_input_size_and_labels(layout, shape):
    assert LAYOUTS[layout].output_shape(SIZE, 80) == shape


@pytest.mark.parametrize(
    ("anchor", "offsets", "box"),
    [
        (0, (0.5, 0.5, np.log(2), np.log(4)), (4 - 8, 4 - 16, 4 + 8, 4 + 16)),
        # The second row of the finest grid begins after eight cells.
        (8, (0.0, 0.0, 0.0, 0.0), (0 - 4, 8 - 4, 0 + 4, 8 + 4)),
        # The last anchor is the second and last cell of the coarsest grid.
        (ANCHORS - 1, (0.25, 0.5, 0.0, 0.0), (40 - 16, 16 - 16, 40 + 16, 16 + 16)),
    ],
)
def test_yolox_boxes_are_offsets_on_a_grid_with_logarithmic_sizes(anchor, offsets, box):
    output = np.zeros((ANCHORS, 7), np.float32)
    output[anchor] = (*offsets, 0.8, 0.1, 0.5)
    found = LAYOUTS["yolox"].decode(output, SIZE, floor=0.3)
    assert found.xyxy.tolist() == [pytest.approx(box, abs=1e-4)]
    assert found.scores == pytest.approx([0.4])
    assert found.classes.tolist() == [1]


def test_yolov8_boxes_are_centres_and_sizes_in_pixels():
    output = np.zeros((6, ANCHORS), np.float32)
    output[:, 5] = (20, 10, 8, 4, 0.2, 0.7)
    found = LAYOUTS["yolov8"].decode(output, SIZE, floor=0.3)
    assert found.xyxy.tolist() == [[16, 8, 24, 12]]
    assert found.scores == pytest.approx([0.7])
    assert found.classes.tolist() == [1]


@pytest.mark.parametrize("layout", ["yolox", "yolov8"])
def test_an_empty_scene_gives_nothing(layout):
    shape = LAYOUTS[layout].output_shape(SIZE, 3)
    found = LAYOUTS[layout].decode(np.zeros(shape, np.float32), SIZE, floor=0.1)
    assert found.xyxy.shape == (0, 4)
    assert len(found.scores) == len(found.classes) == 0


def test_a_sure_object_of_no_sure_kind_is_not_reported():
    output = np.zeros((ANCHORS, 7), np.float32)
    output[3] = (0, 0, 0, 0, 0.9, 0.05, 0.1)
    assert len(LAYOUTS["yolox"].decode(output, SIZE, floor=0.1).scores) == 0


def test_an_absurd_size_does_not_overflow():
    output = np.zeros((ANCHORS, 6), np.float32)
    output[3] = (0, 0, 500, 500, 1, 1)
    found = LAYOUTS["yolox"].decode(output, SIZE, floor=0.1)
    assert np.isfinite(found.xyxy).all()
