"""Whose helmet is whose."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.modules.specialists.ppe.assignment import Sign, assigned
from services.modules.specialists.ppe.body import Body, bodies, fit
from services.modules.specialists.ppe.equipment import Meaning
from shared.domain.box import Box
from shared.domain.vocabulary import EQUIPMENT, Equipment

ADULT = Box(100, 100, 180, 340)
NEIGHBOUR = Box(170, 104, 250, 344)
CHILD = Box(190, 220, 235, 340)


def sign(box: Box, item: Equipment = "helmet", *, worn: bool = True, confidence: float = 0.8) -> Sign:
    return Sign(Meaning(item, worn), confidence, box)


def people(*boxes: Box) -> list[Body]:
    return bodies(boxes, width=640, height=480)


@pytest.mark.parametrize(
    ("item", "box", "theirs"),
    [
        ("helmet", Box(122, 98, 158, 124), True),
        ("helmet", Box(120, 90, 160, 118), True),
        ("helmet", Box(172, 210, 208, 236), False),  # in the hand
        ("helmet", Box(300, 98, 336, 124), False),  # somebody else's
        ("helmet", Box(100, 100, 180, 300), False),  # as large as the person
        ("vest", Box(112, 140, 168, 230), True),
        ("vest", Box(112, 310, 168, 340), False),  # on the ground
        ("boots", Box(110, 320, 135, 342), True),
        ("boots", Box(110, 120, 135, 142), False),
        ("gloves", Box(84, 200, 102, 220), True),
        ("mask", Box(130, 118, 150, 132), True),
    ],
)
def test_an_item_is_worn_where_it_belongs(item: Equipment, box: Box, *, theirs: bool) -> None:
    (body,) = people(ADULT)
    assert (fit(item, box, body) > 0) is theirs


def test_of_somebody_cut_off_below_the_head_is_larger_in_the_box() -> None:
    bust = Body(Box(100, 300, 220, 480), 640, 480)
    assert bust.cut_below
    assert fit("helmet", Box(130, 310, 190, 390), bust) > 0
    assert not bust.shows("boots")
    assert bust.shows("helmet")


def test_a_helmet_is_one_person_s() -> None:
    found = assigned([sign(Box(122, 98, 158, 124))], people(ADULT, NEIGHBOUR))
    assert ["helmet" in one for one in found] == [True, False]


def test_of_two_helmets_each_gets_their_own() -> None:
    left, right = sign(Box(130, 98, 166, 124)), sign(Box(176, 100, 212, 126), confidence=0.9)
    found = assigned([right, left], people(ADULT, NEIGHBOUR))
    assert found[0]["helmet"] == [left]
    assert found[1]["helmet"] == [right]


def test_two_helmets_on_one_head_are_one() -> None:
    found = assigned([sign(Box(122, 98, 158, 124)), sign(Box(124, 100, 160, 126), confidence=0.5)], people(ADULT))
    assert [one.confidence for one in found[0]["helmet"]] == [0.8]


def test_a_child_before_an_adult_keeps_its_own_helmet() -> None:
    found = assigned([sign(Box(202, 218, 224, 236))], people(NEIGHBOUR, CHILD))
    assert ["helmet" in one for one in found] == [False, True]


def test_two_gloves_are_one_person_s_and_three_are_not() -> None:
    gloves = [sign(Box(x, 200, x + 18, 220), "gloves", confidence=c) for x, c in ((84, 0.7), (176, 0.6), (130, 0.4))]
    assert [one.confidence for one in assigned(gloves, people(ADULT))[0]["gloves"]] == [0.7, 0.6]


def test_whoever_stands_before_hides() -> None:
    hidden, before = people(Box(100, 100, 180, 300), Box(95, 90, 185, 360))
    assert not hidden.shows("helmet")
    assert before.shows("helmet")


boxes = st.builds(
    lambda x, y, w, h: Box(x, y, x + w, y + h),
    st.integers(0, 600),
    st.integers(0, 440),
    st.integers(1, 200),
    st.integers(1, 300),
)
signs = st.builds(
    lambda item, worn, confidence, box: Sign(Meaning(item, worn), confidence, box),
    st.sampled_from(EQUIPMENT),
    st.booleans(),
    st.floats(0.05, 1),
    boxes,
)


@given(st.lists(signs, max_size=12), st.lists(boxes, max_size=5))
def test_no_sign_is_two_people_s_and_nobody_has_too_many(some: list[Sign], crowd: list[Box]) -> None:
    found = assigned(some, people(*crowd))
    assert len(found) == len(crowd)
    held = [id(one) for person in found for each in person.values() for one in each]
    assert len(held) == len(set(held))
    for person in found:
        for item, each in person.items():
            assert 1 <= len(each) <= (2 if item in ("gloves", "boots", "ear_protection") else 1)
