"""Many at once: who makes them too many, and when."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.presence import Presence, ZoneStay
from shared.rules.condition import parse_condition
from tests.unit.rules.test_rule import AT, presence


def there(name: str, since_s: float, *, label: str = "person", zone: str | None = None) -> Presence:
    since = AT - timedelta(seconds=since_s)
    zones = (ZoneStay(zone, since, since_s, inside=True),) if zone else ()
    return presence(id=name, label=label, zones=zones, started_at=since)


def holds(condition: dict[str, object], who: Presence, others: list[Presence]) -> bool:
    return parse_condition({"kind": "count", **condition}).holds(who, AT, others)


def test_it_holds_for_the_one_whose_coming_made_them_as_many() -> None:
    three = [there("a", 30), there("b", 20), there("c", 10)]
    assert [holds({"at_least": 3}, who, [o for o in three if o is not who]) for who in three] == [False, False, True]


@pytest.mark.parametrize(("for_s", "expected"), [(9, True), (10, True), (10.1, False)])
def test_the_time_counts_from_when_they_were_as_many(for_s: float, *, expected: bool) -> None:
    assert holds({"at_least": 2, "for_s": for_s}, there("b", 10), [there("a", 60)]) is expected


def test_labels_and_zones_and_sureness_choose_who_counts() -> None:
    others = [there("a", 60, zone="Yard"), there("dog", 50, label="dog", zone="Yard"), there("far", 40)]
    me = there("b", 10, zone="Yard")
    assert holds({"at_least": 2, "labels": ["person"], "zone": "Yard"}, me, others)
    assert not holds({"at_least": 3, "labels": ["person"], "zone": "Yard"}, me, others)
    assert holds({"at_least": 3, "zone": "Yard"}, me, others)
    assert holds({"at_least": 4}, me, others)
    assert not holds({"at_least": 4, "min_confidence": 0.5}, me, [replace(other, confidence=0.1) for other in others])


def test_who_left_the_zone_does_not_count() -> None:
    gone = replace(there("a", 60, zone="Yard"), zones=(ZoneStay("Yard", AT, 5, inside=False),))
    assert not holds({"at_least": 2, "zone": "Yard"}, there("b", 10, zone="Yard"), [gone])


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=12), st.integers(1, 12))
def test_exactly_one_of_a_crowd_is_the_one(since: list[int], at_least: int) -> None:
    crowd = [there(f"p{index}", seconds) for index, seconds in enumerate(since)]
    firing = [who for who in crowd if holds({"at_least": at_least}, who, [o for o in crowd if o is not who])]
    assert len(firing) == (1 if len(crowd) >= at_least else 0)
