"""The evidence that a detection is a known object, and the best assignment of all."""

from __future__ import annotations

import numpy as np
import pytest

from services.eye.appearance import SIZE
from services.eye.association import Evidence, assign, costs
from services.eye.motion import MotionModel, begin, predict
from shared.domain.box import Box

MODEL, EVIDENCE = MotionModel(), Evidence()
PERSON = Box(300, 200, 340, 300)


def moved(dx: float, *, taller: float = 1.0, wider: float = 1.0) -> Box:
    x, y = 320 + dx, 250
    return Box(x - 20 * wider, y - 50 * taller, x + 20 * wider, y + 50 * taller)


def worn(*bins: int) -> np.ndarray:
    colours = np.zeros((1, SIZE), np.float32)
    colours[0, list(bins)] = (1 / len(bins)) ** 0.5
    return colours


def cost(box: Box, *, unseen_s: float = 0.5, before: np.ndarray | None = None, now: np.ndarray | None = None) -> float:
    unknown = np.zeros((1, SIZE), np.float32)
    found = costs(
        [predict(begin(PERSON, 0, model=MODEL), unseen_s, model=MODEL)],
        np.array([unseen_s]),
        [box],
        colours=(unknown if before is None else before, unknown if now is None else now),
        model=MODEL,
        evidence=EVIDENCE,
    )
    return float(found[0, 0])


def test_the_further_the_move_the_less_likely():
    likely = [cost(moved(dx)) for dx in (0, 20, 40, 80, 160)]
    assert likely == sorted(likely)
    assert likely[2] < EVIDENCE.most < likely[-1]


def test_more_time_makes_a_far_move_likelier_and_a_near_one_less_so():
    assert cost(moved(200), unseen_s=2) < cost(moved(200), unseen_s=0.5)
    assert cost(moved(0), unseen_s=2) > cost(moved(0), unseen_s=0.5)


@pytest.mark.parametrize(
    ("box", "unseen_s", "possible"),
    [
        (moved(240), 0.5, True),
        (moved(260), 0.5, False),
        (moved(260), 0.6, True),
        (moved(0, taller=1.9), 0.5, True),
        (moved(0, taller=2.1), 0.5, False),
        (moved(0, taller=0.45), 0.5, False),
        (moved(0, wider=2.9), 0.5, True),
        (moved(0, wider=3.1), 0.5, False),
    ],
)
def test_nothing_runs_or_grows_beyond_what_bodies_can(box, unseen_s, possible):
    assert (cost(box, unseen_s=unseen_s) < 1e5) is possible


def test_the_same_colours_speak_for_it_other_colours_against_and_unknown_ones_neither():
    unknown = cost(moved(20))
    assert cost(moved(20), before=worn(1, 2), now=worn(1, 2)) == pytest.approx(unknown - EVIDENCE.colour_for)
    assert cost(moved(20), before=worn(1, 2), now=worn(3, 4)) == pytest.approx(unknown + EVIDENCE.colour_against)
    assert cost(moved(20), before=worn(1, 2)) == unknown


@pytest.mark.parametrize(
    ("cost_table", "most", "pairs"),
    [
        ([[1.0]], [2.0], [(0, 0)]),
        ([[3.0]], [2.0], []),
        ([[1.0, 1.5]], [2.0, 2.0], [(0, 0)]),
        # Each would take the first; both together are best served the other way round.
        ([[0.0, 0.5], [0.0, 3.0]], [4.0, 4.0], [(0, 1), (1, 0)]),
        # One good pair is better than two poor ones.
        ([[-5.0, 1.9], [1.9, 9.0]], [2.0, 2.0], [(0, 0)]),
        ([[1.0, 1.0]], [0.0, 2.0], [(0, 1)]),
        ([[np.inf, 1.0]], [2.0, 2.0], [(0, 1)]),
    ],
)
def test_pairs_are_made_where_they_explain_more_than_leaving_both_alone(cost_table, most, pairs):
    assert assign(np.array(cost_table), most=np.array(most)) == pairs


def test_nobody_and_nothing_make_no_pairs():
    assert assign(np.zeros((0, 3)), most=np.zeros(3)) == []
