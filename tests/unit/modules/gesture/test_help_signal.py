"""The signal for help, and what is not it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.modules.specialists.gesture.fingers import fingers_of
from services.modules.specialists.gesture.help_signal import asks_for_help
from services.modules.specialists.gesture.signs import Part, part_of_help
from tests.unit.modules.gesture.figure import (
    FIST,
    FOLDED,
    FOUR,
    HALF,
    HELP_CLOSED,
    OPEN,
    POINTING,
    STRAIGHT,
    THREE,
    VICTORY,
    Posed,
    seen,
)

Steps = Sequence[tuple[Posed, float]]

CLOSING = Posed(bent=(HALF,) * 4, thumb="across")
OPENING = Posed(bent=(HALF,) * 4, thumb="beside")
TWO = Posed(bent=(STRAIGHT, STRAIGHT, FOLDED, FOLDED), thumb="across")

SIGNAL: Steps = ((OPEN, 0.8), (FOUR, 0.8), (CLOSING, 0.3), (HELP_CLOSED, 1.0))

NEAR_MISSES: dict[str, Steps] = {
    "waving": ((OPEN, 4.0),),
    "opening and closing a fist": ((OPEN, 0.6), (OPENING, 0.2), (FIST, 0.6), (OPENING, 0.2)) * 3,
    "closing a fist with the thumb in it": ((OPEN, 0.6), (CLOSING, 0.2), (HELP_CLOSED, 0.8)),
    "counting down from five": (
        (OPEN, 0.6),
        (FOUR, 0.6),
        (THREE, 0.6),
        (VICTORY, 0.6),
        (POINTING, 0.6),
        (HELP_CLOSED, 0.6),
    ),
    "counting up to five": (
        (HELP_CLOSED, 0.6),
        (POINTING, 0.6),
        (VICTORY, 0.6),
        (THREE, 0.6),
        (FOUR, 0.6),
        (OPEN, 0.6),
    ),
    "showing five, four and two": ((OPEN, 0.6), (FOUR, 0.6), (TWO, 0.6), (HELP_CLOSED, 0.8)),
    "the signal backwards": ((HELP_CLOSED, 0.8), (FOUR, 0.8), (OPEN, 0.8)),
    "the signal without its palm": ((FOUR, 0.8), (CLOSING, 0.3), (HELP_CLOSED, 1.0)),
    "a thumb that is only in passing across the palm": ((OPEN, 0.8), (FOUR, 0.2), (HELP_CLOSED, 1.0)),
    "showing four for long": ((OPEN, 0.8), (FOUR, 0.8), (CLOSING, 4.0), (HELP_CLOSED, 1.0)),
}


def looks(steps: Steps, *, fps: float, side: str = "right", back: bool = False) -> list[tuple[float, Part]]:
    found, at_s, number = [], 0.0, 0
    for posed, lasts in steps:
        until = at_s + lasts
        while number / fps < until:
            hand = seen(posed, side=side, back=back, turned_deg=15 * ((number % 3) - 1), noise=0.012, seed=number)
            fingers = fingers_of(hand)
            assert fingers is not None
            found.append((number / fps, part_of_help(fingers)))
            number += 1
        at_s = until
    return found


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("fps", [5, 8, 15])
def test_the_signal_is_seen(fps: float, side: str) -> None:
    assert asks_for_help(looks(SIGNAL, fps=fps, side=side))


def test_the_signal_is_seen_after_other_movements() -> None:
    assert asks_for_help(looks((*NEAR_MISSES["counting down from five"], *SIGNAL), fps=8))


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("fps", [5, 8, 15])
@pytest.mark.parametrize("name", sorted(NEAR_MISSES))
def test_what_only_resembles_it_is_not_the_signal(name: str, fps: float, side: str) -> None:
    assert not asks_for_help(looks(NEAR_MISSES[name], fps=fps, side=side))


def test_the_back_of_the_hand_gives_no_signal() -> None:
    assert not asks_for_help(looks(SIGNAL, fps=8, back=True))


@given(st.lists(st.sampled_from(["open", "tucked", "closed", "other", "unclear"]), max_size=30))
def test_nothing_is_a_signal_that_lacks_a_part_or_its_order(parts: list[Part]) -> None:
    if asks_for_help([(i / 5, part) for i, part in enumerate(parts)]):
        order = [part for part in parts if part in ("open", "tucked", "closed")]
        assert order.index("open") < len(order) - 1 - order[::-1].index("closed")
        assert "tucked" in order
