"""Where the edges of a picture lie and which way they run, and how well those of two pictures fit.

Light changes the strength of edges and turns some of them from dark-bright to bright-dark, but hardly ever their
direction. So the directions alone are compared, by orientation correlation (A. J. Fitch, A. Kadyrov, W. J. Christmas,
J. Kittler, "Orientation Correlation", BMVC 2002), with angles doubled so that the sign of an edge does not matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]
Outline = NDArray[np.complex64]

HERE_PX: Final = 3
"""Edges that lie closer than this are at the same place: a tremble is no move."""

_SMOOTH_PX: Final = 1.0
_LEAST_STEP: Final = 1.0
_BORDER_PX: Final = 2
_REACH: Final = 0.4
_TURNS: Final = (2, 4, 6, 8, 11, 14, 18)
_ZOOMS: Final = (0.7, 0.77, 0.85, 0.92, 1.08, 1.17, 1.28, 1.4, 1.55, 1.75)


@dataclass(frozen=True, slots=True)
class Fit:
    """How well two outlines fit, -1..1: at the same place (`here`), and where else they fit best (`there`).

    `shift` (pixels right and down), `turn` (degrees anticlockwise) and `zoom` say how the second lies over the first
    there.
    """

    here: float
    there: float
    shift: tuple[int, int]
    turn: float = 0.0
    zoom: float = 1.0


def outline(grey: Grey) -> Outline:
    """The directions of the edges [height, width]: doubled angles, the surer the longer, nothing where it is flat."""
    smooth = cv2.GaussianBlur(grey.astype(np.float32), (0, 0), _SMOOTH_PX)
    gx, gy = cv2.Sobel(smooth, cv2.CV_32F, 1, 0) / 8, cv2.Sobel(smooth, cv2.CV_32F, 0, 1) / 8
    step = np.hypot(gx, gy)
    weight = step / (step + 2 * max(_LEAST_STEP, float(np.median(step))))
    weight[step < _LEAST_STEP] = 0
    found = (gx + 1j * gy) ** 2 / (np.square(step) + 1e-6) * weight
    for edge in (np.s_[:_BORDER_PX], np.s_[-_BORDER_PX:], np.s_[:, :_BORDER_PX], np.s_[:, -_BORDER_PX:]):
        found[edge] = 0
    return np.asarray(found, np.complex64)


def strength(one: Outline) -> float:
    """How much there is of an outline: the mean squared weight of its edges, 0..1."""
    return float(np.square(np.abs(one)).mean())


def agreement(first: Outline, second: Outline) -> float:
    """How well two outlines of one size fit as they lie, -1..1."""
    middle, _ = _split(_correlation(first, second))
    return middle


def fit(first: Outline, second: Outline) -> Fit:
    """As they lie, and shifted by up to two fifths of the picture."""
    plane = _correlation(first, second)
    here, rest = _split(plane)
    y, x = np.unravel_index(int(rest.argmax()), rest.shape)
    return Fit(here, float(rest[y, x]), (int(x) - rest.shape[1] // 2, int(y) - rest.shape[0] // 2))


def best_fit(first: Grey, second: Outline, *, known: Fit) -> Fit:
    """The best place at which the second lies over a picture that is shifted, or shifted and turned or zoomed too."""
    height, width = first.shape
    best = known
    ways = [(float(sign * turn), 1.0) for turn in _TURNS for sign in (1, -1)] + [(0.0, zoom) for zoom in _ZOOMS]
    for turn, zoom in ways:
        motion = cv2.getRotationMatrix2D((width / 2, height / 2), turn, zoom)
        laid = np.asarray(cv2.warpAffine(first, motion, (width, height), borderMode=cv2.BORDER_REPLICATE), np.uint8)
        plane = _correlation(outline(laid), second)
        y, x = np.unravel_index(int(plane.argmax()), plane.shape)
        if plane[y, x] > best.there:
            shift = (int(x) - plane.shape[1] // 2, int(y) - plane.shape[0] // 2)
            best = Fit(known.here, float(plane[y, x]), shift, turn, zoom)
    return best


def _correlation(first: Outline, second: Outline) -> NDArray[np.float64]:
    """How well they fit at each shift; none is in the middle."""
    height, width = first.shape
    padded = (2 * height, 2 * width)
    spectrum = np.fft.fft2(second, padded) * np.conj(np.fft.fft2(first, padded))
    plane = np.fft.fftshift(np.fft.ifft2(spectrum).real)
    weight = float(np.sqrt(np.square(np.abs(first)).sum() * np.square(np.abs(second)).sum())) + 1e-6
    dy, dx = int(height * _REACH), int(width * _REACH)
    return np.asarray(plane[height - dy : height + dy + 1, width - dx : width + dx + 1] / weight)


def _split(plane: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
    """The best in the middle, and the plane without the middle."""
    y, x = plane.shape[0] // 2, plane.shape[1] // 2
    middle = np.s_[max(y - HERE_PX, 0) : y + HERE_PX + 1, max(x - HERE_PX, 0) : x + HERE_PX + 1]
    best, rest = float(plane[middle].max()), plane.copy()
    rest[middle] = -1
    return best, rest
