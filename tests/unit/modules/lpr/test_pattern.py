"""The notation of shapes."""

from __future__ import annotations

import pytest

from services.modules.specialists.lpr.pattern import patterns
from services.modules.specialists.lpr.regions import REGIONS, shapes_of


def test_a_shape_stands_for_every_length_it_allows():
    found = patterns("L{1,3}-L{1,2} D{1,4}")
    assert len(found) == 24
    assert {len(pattern.places) for pattern in found} == set(range(3, 10))


def test_separators_are_written_and_not_read():
    [pattern] = patterns("LL-DDD-LL")
    assert pattern.write("AB123CD") == "AB-123-CD"
    assert pattern.breaks == {2, 5}


def test_exact_characters_and_sets_stand_for_themselves():
    [pattern] = patterns("[AB]D 'RB'")
    assert pattern.places[0] == {"A", "B"}
    assert [*pattern.places[2:]] == [{"R"}, {"B"}]


@pytest.mark.parametrize("shape", ["", "LLQ", "L{}", "'A", "LL_DD"])
def test_what_is_no_shape_is_refused(shape):
    with pytest.raises(ValueError, match="no shape of a plate"):
        patterns(shape)


@pytest.mark.parametrize("region", REGIONS, ids=lambda region: f"{region.code} {region.shapes[0]}")
def test_every_region_has_shapes_of_plates(region):
    assert all(3 <= len(pattern.places) <= 10 for pattern in shapes_of(region))
