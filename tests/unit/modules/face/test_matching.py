"""Whose face it is: thresholds, margins, and many faces of few people."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from services.modules.specialists.face.matching import Bounds, Known, Likeness, Matcher, distance

BOUNDS = Bounds(threshold=0.8, margin=0.1, doubtful=0.6)
ADA, BOB = 7, 9
NAMES = {ADA: "Ada", BOB: "Bob"}


def at(degrees: float) -> NDArray[np.float32]:
    """A unit vector; two of them are alike by the cosine of the angle between."""
    radians = np.deg2rad(degrees)
    return np.array([np.cos(radians), np.sin(radians)], np.float32)


def cosine(degrees: float) -> float:
    return float(np.cos(np.deg2rad(degrees)))


@pytest.mark.parametrize(
    ("ada", "bob", "match", "doubtful"),
    [
        (10, 90, ADA, False),
        (90, 10, BOB, False),
        (36, 90, ADA, False),
        (38, 90, None, True),  # below the threshold: .788
        (54, 90, None, False),  # .588
        (10, 20, None, True),  # both are alike: nobody is named
        (20, 38, ADA, False),  # .940 and .788
    ],
)
def test_the_likest_is_named_when_nobody_else_comes_near(
    ada: float,
    bob: float,
    match: int | None,
    doubtful: bool,  # noqa: FBT001
) -> None:
    answer = Matcher([Known(ADA, at(ada)), Known(BOB, at(-bob))], NAMES).match(at(0), BOUNDS)
    assert (answer.match.person_id if answer.match else None) == match
    assert answer.doubtful == doubtful
    assert answer.nearest is not None
    assert answer.nearest.person_id == (ADA if ada < bob else BOB)
    assert answer.nearest.similarity == pytest.approx(cosine(min(ada, bob)), abs=1e-6)


def test_many_faces_of_one_person_hide_no_other() -> None:
    known = [Known(ADA, at(2 + 0.1 * number)) for number in range(30)] + [Known(BOB, at(-8))]
    first, second = Matcher(known, NAMES).likest(at(0))
    assert (first.person_id, second.person_id) == (ADA, BOB)
    assert Matcher(known, NAMES).match(at(0), BOUNDS).match is None


def test_nobody_is_found_among_nobody() -> None:
    answer = Matcher([], {}).match(at(0), BOUNDS)
    assert (answer.match, answer.nearest, answer.doubtful) == (None, None, False)


def test_an_only_person_needs_the_threshold_alone() -> None:
    matcher = Matcher([Known(ADA, at(30))], NAMES)
    assert matcher.match(at(0), BOUNDS).match == Likeness(ADA, pytest.approx(cosine(30)))  # type: ignore[arg-type]
    assert matcher.name_of(ADA) == "Ada"


@given(st.lists(st.tuples(st.sampled_from([ADA, BOB]), st.floats(-180, 180)), min_size=1, max_size=40))
def test_the_index_finds_what_comparing_with_each_finds(faces: list[tuple[int, float]]) -> None:
    found = Matcher([Known(who, at(angle)) for who, angle in faces], NAMES).likest(at(0))
    best = {person: max(cosine(a) for who, a in faces if who == person) for person in {who for who, _ in faces}}
    assert sorted(one.similarity for one in found) == pytest.approx(sorted(best.values()), abs=1e-5)
    assert found[0].similarity >= found[-1].similarity


@given(st.floats(-1, 1))
def test_the_distance_is_that_of_unit_vectors(similarity: float) -> None:
    angle = float(np.rad2deg(np.arccos(similarity)))
    assert distance(similarity) == pytest.approx(float(np.linalg.norm(at(angle) - at(0))), abs=1e-3)
