"""Worn, missing or not to be seen: on one picture and over several."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.modules.specialists.ppe.assignment import Sign
from services.modules.specialists.ppe.body import Body
from services.modules.specialists.ppe.equipment import Meaning, known
from services.modules.specialists.ppe.judgement import (
    NOT_VISIBLE,
    Verdict,
    compliance,
    doubted,
    judged,
    together,
    violations,
)
from services.modules.specialists.ppe.settings import PpeSettings
from shared.domain.box import Box
from shared.domain.vocabulary import Equipment

SETTINGS = PpeSettings()
KNOWN = known(["Hardhat", "NO-Hardhat", "Safety Vest", "Gloves"])
BODY = Body(Box(100, 100, 180, 340), 640, 480)
ON_HEAD = Box(122, 98, 158, 124)
WORN, MISSING = Verdict("worn", 0.8), Verdict("missing", 0.6)


def state(item: Equipment, *signs: Sign, body: Body = BODY) -> str:
    return judged(body, {item: signs} if signs else {}, KNOWN, SETTINGS)[item].state


def helmet(*, worn: bool = True, confidence: float = 0.8) -> Sign:
    return Sign(Meaning("helmet", worn), confidence, ON_HEAD)


@pytest.mark.parametrize(
    ("signs", "expected"),
    [
        ([helmet()], "worn"),
        ([helmet(worn=False)], "missing"),
        ([helmet(confidence=0.1)], "not_visible"),  # a trace is enough for doubt
        ([helmet(worn=False, confidence=0.1)], "missing"),
        ([], "missing"),
    ],
)
def test_signs_decide_on_one_picture(signs: list[Sign], expected: str) -> None:
    assert state("helmet", *signs) == expected


@pytest.mark.parametrize(
    "body",
    [
        Body(Box(100, 100, 130, 190), 640, 480),  # small
        Body(Box(100, 0, 180, 340), 640, 480),  # the head is out of the picture
        Body(Box(100, 100, 400, 340), 640, 480),  # lies, or is a crowd
        Body(Box(100, 100, 180, 340), 640, 480, (Box(90, 90, 190, 400),)),  # hidden
    ],
)
def test_absence_says_nothing_where_the_head_is_not_clearly_seen(body: Body) -> None:
    assert state("helmet", body=body) == "not_visible"


def test_absence_says_nothing_of_what_the_detector_often_misses() -> None:
    assert state("gloves") == "not_visible"


def test_somebody_tiny_is_not_judged() -> None:
    tiny = Body(Box(100, 100, 115, 150), 640, 480)
    assert state("helmet", helmet(), body=tiny) == "not_visible"


def test_a_trace_in_a_second_look_takes_absence_back_but_nothing_else() -> None:
    trace = [helmet(confidence=0.1)]
    assert doubted({"helmet": MISSING}, BODY, trace) == {"helmet": NOT_VISIBLE}
    bare = Verdict("missing", 0.5, ON_HEAD)
    assert doubted({"helmet": bare}, BODY, trace) == {"helmet": bare}
    elsewhere = [Sign(Meaning("helmet", worn=True), 0.1, Box(400, 98, 430, 120))]
    assert doubted({"helmet": MISSING}, BODY, elsewhere) == {"helmet": MISSING}


@pytest.mark.parametrize(
    ("votes", "expected"),
    [
        ([], "not_visible"),
        ([NOT_VISIBLE, NOT_VISIBLE], "not_visible"),
        ([NOT_VISIBLE, WORN], "worn"),
        ([MISSING, NOT_VISIBLE, NOT_VISIBLE], "missing"),
        ([MISSING, MISSING, WORN], "missing"),
        ([MISSING, WORN], "worn"),
        ([MISSING, WORN, WORN, NOT_VISIBLE], "worn"),
    ],
)
def test_most_of_the_pictures_that_show_it_decide(votes: list[Verdict], expected: str) -> None:
    assert together(votes).state == expected


@given(st.lists(st.sampled_from([WORN, MISSING, NOT_VISIBLE]), max_size=9))
def test_a_violation_has_most_usable_pictures_behind_it(votes: list[Verdict]) -> None:
    verdict = together(votes)
    usable = [vote for vote in votes if vote.state != "not_visible"]
    assert (verdict.state == "missing") == (2 * votes.count(MISSING) > len(usable) > 0)
    assert 0 <= verdict.confidence <= 1


@pytest.mark.parametrize(
    ("persons", "required", "expected"),
    [
        ([{"helmet": WORN}], ["helmet"], True),
        ([{"helmet": MISSING}], ["helmet"], False),
        ([{"helmet": NOT_VISIBLE}], ["helmet"], None),
        ([{"helmet": WORN}, {"helmet": NOT_VISIBLE}], ["helmet"], None),
        ([{"helmet": WORN}, {"helmet": MISSING}], ["helmet"], False),
        ([{"helmet": WORN}], ["helmet", "boots"], None),
        ([{"helmet": MISSING}], [], None),
        ([], ["helmet"], None),
    ],
)
def test_compliance_is_only_told_when_it_is_known(
    persons: list[dict[Equipment, Verdict]], required: list[Equipment], *, expected: bool | None
) -> None:
    assert compliance(persons, required) is expected


def test_only_required_items_are_violations() -> None:
    assert violations({"helmet": MISSING, "vest": MISSING, "gloves": WORN}, ["vest", "gloves", "boots"]) == ["vest"]
