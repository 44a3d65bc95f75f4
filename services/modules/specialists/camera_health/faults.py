"""What one look shows to be wrong, beside the camera's usual view. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from services.modules.specialists.camera_health.look import BRIGHT, CELL_PX, Look, contrast
from services.modules.specialists.camera_health.memory import Memory, Still, View
from services.modules.specialists.camera_health.outline import Fit, agreement, best_fit, fit, strength
from shared.domain.vocabulary import CameraFault

_BLACK_HIGHLIGHTS: Final = 45.0
_BLACK_LUMA: Final = 22.0
_WAS_DARK: Final = 75.0

_GLARE: Final = 0.4
_GLARE_MORE: Final = 0.3
_GLARE_ALONE: Final = 0.7

_TEXTURED: Final = 0.02
_LEAST_CELLS: Final = 12
_LOST_CONTRAST: Final = 0.3
_COVERED: Final = 0.5
_COVERED_PICTURE: Final = 0.25
_DARK_CELL: Final = 24.0
_FLAT_RANGE: Final = 14.0
_GONE_STRENGTH: Final = 0.35
_GONE_LUMA: Final = 40.0

_SURELY: Final = 0.75
_SAME: Final = 0.5
_LEAST_SAME: Final = 0.12
_MOVED: Final = 0.5
_MOVED_LEAST: Final = 0.25
_MOVED_OVER_HERE: Final = 1.4
_MOVED_SHARE: Final = 0.025
_OTHER: Final = 0.25
_OTHER_MOST: Final = 0.15
_STEADY: Final = 0.5
_OTHER_STRENGTH: Final = 0.4
_OTHER_LIGHT: Final = 2.5

_BLURRED: Final = 0.45

_STILL_LEVELS: Final = 1
_STILL_CHANGED: Final = 0.004

_GROUP: Final = 0.75


@dataclass(frozen=True, slots=True)
class Fault:
    """`box` is xyxy in shares of the picture's sides, None: all of it. `evidence` holds the figures it rests on."""

    label: CameraFault
    confidence: float
    reason: str
    evidence: dict[str, Any] = field(default_factory=dict)
    box: tuple[float, float, float, float] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """A look beside the usual view that it fits best."""

    view: View
    fit: Fit

    @property
    def surely_same(self) -> bool:
        return self.fit.here >= _SURELY * self.view.usual_fit

    @property
    def same(self) -> bool:
        """The look shows the view, whatever stands in it, unless the view lies somewhere else."""
        return self.fit.here >= max(_LEAST_SAME, _SAME * self.view.usual_fit)


def compared(look: Look, views: Sequence[View]) -> Comparison | None:
    """With those of the look's size; of several that fit about as well, with the one in the most similar light."""
    fits = [(view, agreement(view.outline, look.outline)) for view in views if view.thumb.shape == look.thumb.shape]
    if not fits:
        return None
    best = max(here for _, here in fits)
    group = [view for view, here in fits if here >= _GROUP * best] or [view for view, here in fits if here == best]
    view = min(reversed(group), key=lambda one: round(abs(math.log((one.luma + 8) / (look.luma + 8))), 1))
    return Comparison(view, fit(view.outline, look.outline))


def is_black(look: Look) -> bool:
    return look.highlights < _BLACK_HIGHLIGHTS and look.luma < _BLACK_LUMA


def black(look: Look, memory: Memory) -> Fault | None:
    """Nothing is to be seen for want of light. Where it had become dark before, that is the night."""
    if not is_black(look) or (memory.highlights is not None and memory.highlights < _WAS_DARK):
        return None
    evidence = {"luma": round(look.luma, 1), "highlights": round(look.highlights, 1)}
    sure = 1 - look.highlights / _BLACK_HIGHLIGHTS
    return Fault("black", 0.6 + 0.4 * sure, "the picture is black: no light, or the lens is covered", evidence)


def bright(look: Look, views: Sequence[View]) -> Fault | None:
    usual = max((view.bright for view in views), default=None)
    least = _GLARE_ALONE if usual is None else max(_GLARE, usual + _GLARE_MORE)
    if look.bright < least:
        return None
    evidence = {"overexposed": round(look.bright, 3), "usual": None if usual is None else round(usual, 3)}
    return Fault("bright", 0.5 + 0.5 * look.bright, "much of the picture is overexposed", evidence)


def covered(look: Look, beside: Comparison | None) -> Fault | None:
    """Much of what usually has edges has none, although it is neither dark nor overexposed there."""
    now, light = contrast(look.thumb)
    if beside is None:
        flat = look.highlights - look.shadows < _FLAT_RANGE and look.luma >= _DARK_CELL and look.bright < _GLARE
        evidence = {"range": round(look.highlights - look.shadows, 1)}
        return Fault("covered", 0.6, "the picture shows nothing but one shade", evidence) if flat else None
    usual, _ = contrast(beside.view.thumb)
    textured = usual > _TEXTURED
    lost = textured & (now < _LOST_CONTRAST * usual) & (light > _DARK_CELL) & (light < BRIGHT)
    share = float(lost.sum() / textured.sum()) if textured.sum() >= _LEAST_CELLS else 0.0
    body = _body(lost, textured)
    evidence = {"lost": round(share, 3), "fit": round(beside.fit.here, 3), "usual_fit": round(beside.view.usual_fit, 3)}
    if share >= _COVERED and body.mean() >= _COVERED_PICTURE:
        reason = f"{share:.0%} of what usually has edges has none"
        return Fault("covered", 0.5 + 0.5 * share, reason, evidence, _box_of(body, look.thumb.shape))
    if _is_gone(look, beside):
        return Fault("covered", 0.7, "none of the usual edges is to be seen, nor any other", evidence)
    return None


def _is_gone(look: Look, beside: Comparison) -> bool:
    """For views that have few edges at all."""
    gone = look.strength < _GONE_STRENGTH * strength(beside.view.outline) and look.luma >= _GONE_LUMA
    return gone and beside.fit.here < min(_OTHER * beside.view.usual_fit, _OTHER_MOST)


def moved(look: Look, beside: Comparison) -> Fault | None:
    """The usual view lies somewhere else in the picture, or what is there is altogether another view."""
    if beside.surely_same or look.steadiness is None or look.steadiness < _STEADY:
        return None
    usual = beside.view.usual_fit
    at = best_fit(beside.view.thumb, look.outline, known=beside.fit)
    evidence = {
        "fit": round(at.here, 3),
        "usual_fit": round(usual, 3),
        "fit_elsewhere": round(at.there, 3),
        "shift": [round(at.shift[0] / look.thumb.shape[1], 3), round(at.shift[1] / look.thumb.shape[0], 3)],
        "turn_deg": at.turn,
        "zoom": at.zoom,
    }
    far = math.hypot(*at.shift) >= _MOVED_SHARE * max(look.thumb.shape) or at.turn != 0 or at.zoom != 1
    if far and at.there >= max(_MOVED * usual, _MOVED_LEAST, _MOVED_OVER_HERE * at.here):
        return Fault("moved", min(1.0, 0.5 + 0.5 * at.there / usual), f"the usual view is {_where(at, look)}", evidence)
    light = math.log((look.luma + 8) / (beside.view.luma + 8))
    alike = (
        not beside.same
        and abs(light) < math.log(_OTHER_LIGHT)
        and look.strength > _OTHER_STRENGTH * strength(beside.view.outline)
    )
    if alike and at.here < min(_OTHER * usual, _OTHER_MOST):
        return Fault("moved", 0.6, "nothing of the usual view is to be seen", evidence)
    return None


def out_of_focus(look: Look, beside: Comparison) -> Fault | None:
    usual = beside.view.sharpness
    if not beside.same or not usual:
        return None
    share = (look.sharpness or 0.0) / usual
    if share >= _BLURRED:
        return None
    evidence = {
        "sharpness": round(look.sharpness or 0.0, 3),
        "usual": round(usual, 3),
        "fit": round(beside.fit.here, 3),
    }
    reason = f"edges are {share:.0%} as sharp as usual"
    return Fault("out_of_focus", min(1.0, 1 - share / (2 * _BLURRED)), reason, evidence)


def unchanged(look: Look, still: Still | None) -> float | None:
    """The share of single pixels that differ by more than a level from those of the still, in the most similar of the
    pictures; None when they cannot be compared."""
    if still is None or still.samples.shape[1] != look.samples.shape[1]:
        return None
    before, after = still.samples.astype(np.int16), look.samples.astype(np.int16)
    return min(float((np.abs(one - other) > _STILL_LEVELS).mean()) for one in before for other in after)


def is_still(changed: float | None) -> bool:
    """A sensor's noise changes far more than that, even where an encoder smooths it away for seconds; a clock that
    ticks in the picture changes less."""
    return changed is not None and changed <= _STILL_CHANGED


def _where(at: Fit, look: Look) -> str:
    if at.turn or at.zoom != 1:
        return f"turned by {at.turn:g} degrees" if at.turn else f"{at.zoom:g} times as large"
    right, down = at.shift[0] / look.thumb.shape[1], at.shift[1] / look.thumb.shape[0]
    return f"{abs(right):.0%} {'right' if right > 0 else 'left'} and {abs(down):.0%} {'down' if down > 0 else 'up'}"


def _body(lost: NDArray[np.bool_], textured: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The largest connected part that lost its edges, with the flat parts that lie between."""
    open_cells = (lost | ~textured).astype(np.uint8)
    count, labels = cv2.connectedComponents(open_cells, connectivity=4)
    sizes = [int((lost & (labels == number)).sum()) for number in range(1, count)]
    if not sizes:
        return np.zeros_like(lost)
    return np.asarray(labels == 1 + int(np.argmax(sizes)))


def _box_of(body: NDArray[np.bool_], shape: tuple[int, ...]) -> tuple[float, float, float, float]:
    rows, columns = np.flatnonzero(body.any(axis=1)), np.flatnonzero(body.any(axis=0))
    height, width = shape
    x1, y1 = columns[0] * CELL_PX / width, rows[0] * CELL_PX / height
    x2 = 1.0 if columns[-1] == body.shape[1] - 1 else (columns[-1] + 1) * CELL_PX / width
    y2 = 1.0 if rows[-1] == body.shape[0] - 1 else (rows[-1] + 1) * CELL_PX / height
    return float(x1), float(y1), float(x2), float(y2)
