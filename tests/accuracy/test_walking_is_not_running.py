"""The pace of people who walk, on annotated footage, boxes as annotated and shaken as a detector shakes them."""

from __future__ import annotations

import random

import pytest

from shared.domain.box import Box
from shared.domain.pace import Stride, Strides, pace, strode_on
from tests.accuracy.clips import CLIPS, Clip

RUNNING = 1.6


@pytest.mark.parametrize("shaken", [0.0, 0.04])
@pytest.mark.parametrize("clip", CLIPS, ids=lambda clip: clip.name)
def test_nobody_who_walks_runs(clip: Clip, shaken: float) -> None:
    if not clip.truth.is_file():
        pytest.skip(f"the ground truth {clip.truth} is not here")
    chance = random.Random(1)

    def shake(box: Box) -> Box:
        return Box(*(side + chance.gauss(0, shaken * box.height) for side in box.as_xyxy()))

    for step in clip.steps:
        tops = []
        for boxes in clip.read(clip.truth).values():
            strides: Strides = ()
            tops.append(0.0)
            for frame in sorted(frame for frame in boxes if frame % step == 0):
                strides = strode_on(strides, Stride(frame / clip.fps, shake(boxes[frame])))
                tops[-1] = max(tops[-1], pace(strides))
        print(f"{clip.name:14s} {clip.fps / step:5.1f} fps  fastest {max(tops):.2f} of {len(tops)}")
        assert max(tops) < 0.8 * RUNNING
