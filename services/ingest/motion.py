"""Whether anything moves, told from tiny grey pictures. Pure: numpy alone."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]
_Plane = NDArray[np.float32]
_Mask = NDArray[np.bool_]

_NOISE_SHARE = 0.5
# Every so many rows and columns are enough for a median.
_STRIDE = 4
# The standard deviation of normal noise, from the median of its absolute values.
_SIGMA = 1.4826


@dataclass(frozen=True, slots=True)
class MotionSettings:
    """`min_contrast` in grey levels; `min_cells` changed cells of the tiny picture that touch make motion."""

    min_contrast: float = 9.0
    noise_factor: float = 6.0
    min_cells: int = 6
    background_s: float = 8.0
    changed_background_s: float = 20.0


@dataclass(slots=True)
class MotionTest:
    """Compares each picture with a slowly learnt background.

    Sensor noise is smoothed and measured; light that changes everywhere at once is taken out by the median, light
    that changes slowly by learning. Something that stays becomes background after `changed_background_s` or so.
    """

    settings: MotionSettings = field(default_factory=MotionSettings)
    _background: _Plane | None = field(default=None, init=False)
    _noise: float = field(default=0.0, init=False)
    _tested_at_s: float = field(default=0.0, init=False)

    def moved(self, picture: Grey, at_s: float) -> bool:
        """Whether something differs from the background.

        `picture` is uint8, height × width, a few hundred cells wide; the first one, or one of another size, only
        sets the background. `at_s` should not go back.
        """
        smooth = _smoothed(picture)
        background = self._background
        if background is None or background.shape != smooth.shape:
            self._background, self._tested_at_s = smooth, at_s
            return False
        difference = smooth - background
        offset = float(np.median(difference[::_STRIDE, ::_STRIDE]))
        deviation = np.abs(difference - offset)
        # The median tells the noise even while something moves, as long as it does not fill the picture.
        noise = float(np.median(deviation[::_STRIDE, ::_STRIDE])) * _SIGMA
        self._noise += _NOISE_SHARE * (noise - self._noise)
        changed = deviation > max(self.settings.min_contrast, self.settings.noise_factor * self._noise)
        moved = _touching(changed, at_least=self.settings.min_cells)
        self._learn(difference, changed if moved else None, passed_s=max(0.0, at_s - self._tested_at_s))
        self._tested_at_s = at_s
        return moved

    def _learn(self, difference: _Plane, changed: _Mask | None, *, passed_s: float) -> None:
        if self._background is None:
            return
        share = 1.0 - np.exp(-passed_s / self.settings.background_s)
        if changed is None:
            self._background += np.float32(share) * difference
            return
        slow = 1.0 - np.exp(-passed_s / self.settings.changed_background_s)
        self._background += np.where(changed, np.float32(slow), np.float32(share)) * difference


def _smoothed(picture: Grey) -> _Plane:
    """Mean over 3 × 3 cells; the edges are left out."""
    plane = picture.astype(np.float32)
    rows = plane[:-2] + plane[1:-1] + plane[2:] if plane.shape[0] > 2 else plane
    both = rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:] if plane.shape[1] > 2 else rows
    return np.asarray(both / np.float32(9.0), dtype=np.float32)


def _touching(changed: _Mask, *, at_least: int) -> bool:
    """Whether any 5 × 5 window holds so many changed cells: a cheap stand-in for the largest connected spot."""
    if np.count_nonzero(changed) < at_least:
        return False
    sums = np.cumsum(np.cumsum(np.pad(changed, ((3, 2), (3, 2))), axis=0, dtype=np.int32), axis=1)
    windows = sums[5:, 5:] - sums[:-5, 5:] - sums[5:, :-5] + sums[:-5, :-5]
    return bool(windows.max() >= at_least)
