"""One read per plate out of several pictures."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from services.modules.specialists.lpr.gathering import gather
from services.modules.specialists.lpr.grammar import ANYWHERE, best_fit
from services.modules.specialists.lpr.reading import certain
from services.modules.specialists.lpr.sighting import Sighting


def sighting(text, *, chance=0.95, left=0):
    reading = certain(text, chance=chance)
    quad = np.array([[left, 0], [left + 80, 0], [left + 80, 20], [left, 20]], np.float32)
    return Sighting(reading, best_fit(reading), quad)


def test_one_plate_in_many_pictures_is_one_read():
    [plate] = gather([[sighting("AB123CD")], [sighting("AB123CD")], [sighting("A8123CD", chance=0.7)]], ANYWHERE)
    assert plate.fit.written == "AB-123-CD"


def test_pictures_that_agree_make_it_surer():
    [once] = gather([[sighting("AB123CD", chance=0.8)]], ANYWHERE)
    [thrice] = gather([[sighting("AB123CD", chance=0.8)]] * 3, ANYWHERE)
    assert thrice.fit.confidence > once.fit.confidence


def test_pictures_that_contradict_each_other_make_it_unsure():
    [plate] = gather([[sighting("AB123CD")], [sighting("AB128CD")]], ANYWHERE)
    assert plate.fit.confidence < 0.7


def test_several_cars_are_several_plates():
    found = gather([[sighting("AB123CD"), sighting("EF456GH", left=200)], [sighting("EF456GH", left=180)]], ANYWHERE)
    assert {plate.fit.text for plate in found} == {"AB123CD", "EF456GH"}


def test_two_alike_in_one_picture_are_two():
    assert len(gather([[sighting("AB123CD"), sighting("AB123CE", left=200)]], ANYWHERE)) == 2


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_order_of_pictures_does_not_change_what_is_read(order):
    pictures = [[sighting("AB123CD")], [sighting("AB123C0", chance=0.6)], [sighting("A8123CD", chance=0.7)]]
    [plate] = gather([pictures[number] for number in order], ANYWHERE)
    assert plate.fit.text == "AB123CD"


def test_nothing_seen_is_nothing_read():
    assert gather([[], []], ANYWHERE) == []
