"""Which lines of text may stand on a plate, and which of them belong together."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from services.modules.specialists.lpr.text_lines import TextLine

_SLIMMEST, _WIDEST = 1.3, 10.0
_USUAL = (2.0, 6.5)
_EDGE_PX = 2.0
_STEEPEST_DEGREES = 30.0


def promising(lines: Iterable[TextLine], *, size: tuple[int, int], min_width_px: float, limit: int) -> list[TextLine]:
    """At most `limit` lines that have a plate's proportions, the likeliest first.

    What touches the left or right edge of the picture (its `size` is width, height) may go on outside: it is left out.
    So is what runs uphill as no plate on a vehicle does: it is a watermark or somebody's clothes.
    """
    shaped = [
        line
        for line in lines
        if line.width >= min_width_px
        and _SLIMMEST <= _aspect(line) <= _WIDEST
        and abs(_tilt_degrees(line)) <= _STEEPEST_DEGREES
        and not _cut_off(line, size[0])
    ]
    return sorted(shaped, key=lambda line: (-_likelihood(line), *line.centre.tolist()))[:limit]


def whole(picture: NDArray[np.uint8]) -> TextLine | None:
    """The whole picture as one line when it looks like a plate that was cut out already."""
    height, width = picture.shape[:2]
    if not (height <= 120 and 2.0 <= width / height <= 6.5):
        return None
    return TextLine(np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32), 1.0, whole=True)


def stacked(upper: TextLine, lower: TextLine) -> bool:
    """Whether `lower` stands right under `upper`, as the second row of a plate does."""
    gap = lower.centre[1] - upper.centre[1]
    height = max(upper.height, lower.height)
    return bool(
        0.6 * height < gap < 1.9 * height
        and min(upper.height, lower.height) > 0.5 * height
        and abs(lower.centre[0] - upper.centre[0]) < 0.35 * max(upper.width, lower.width)
        and max(upper.width, lower.width) < 5.0 * height
    )


def beside(left: TextLine, right: TextLine) -> bool:
    """Whether `right` goes on where `left` ends, as a plate does that was found in two parts."""
    height = max(left.height, right.height)
    gap = float(right.quad[0][0] - left.quad[1][0])
    return bool(
        -0.5 * height < gap < 1.2 * height
        and min(left.height, right.height) > 0.7 * height
        and abs(float(right.centre[1] - left.centre[1])) < 0.35 * height + 0.2 * abs(gap)
    )


def around(lines: Sequence[TextLine]) -> NDArray[np.float32]:
    """The upright corners [4, 2] that enclose lines."""
    corners = np.concatenate([line.quad for line in lines])
    (x1, y1), (x2, y2) = corners.min(axis=0), corners.max(axis=0)
    return np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]], np.float32)


def _cut_off(line: TextLine, width: int) -> bool:
    return bool(line.quad[:, 0].min() < _EDGE_PX or line.quad[:, 0].max() > width - _EDGE_PX)


def _aspect(line: TextLine) -> float:
    return line.width / max(line.height, 1e-6)


def _tilt_degrees(line: TextLine) -> float:
    x, y = (line.quad[1] - line.quad[0] + line.quad[2] - line.quad[3]).tolist()
    return math.degrees(math.atan2(y, x))


def _likelihood(line: TextLine) -> float:
    low, high = _USUAL
    aspect = _aspect(line)
    shape = 1.0 if low <= aspect <= high else 0.6
    # A plate is the largest writing on a car; far larger ones are signs and lorries' sides, but those are few.
    return shape * line.score * float(np.log2(max(line.height, 4.0)))
