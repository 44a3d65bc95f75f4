"""What a zone's own settings hold back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.eye.zones import left_all
from shared.domain.presence import Presence, ZoneStay
from shared.rules.decision import decide
from shared.rules.rule import evaluate
from shared.rules.zone_terms import ZoneTerms
from tests.unit.rules.test_rule import AT, left, presence, rule, stay

TERMS = {"Street": ZoneTerms(notification_enabled=False), "Yard": ZoneTerms(alert_duration_s=5)}


def fires(seen: Presence, *, terms: dict[str, ZoneTerms] = TERMS, **condition: Any) -> bool:
    return bool(evaluate([rule(condition=condition)], seen, at=AT, last_fired={}, terms=terms))


def gone_from(zone: str, dwell_s: float) -> ZoneStay:
    """As the eye tells of a zone in which a presence ended."""
    (found,) = left_all((stay(zone, dwell_s),))
    return found


@pytest.mark.parametrize(
    ("zones", "told"),
    [
        ((), True),
        ((stay("Street", 60),), False),
        ((stay("Yard", 4.9),), False),
        ((stay("Yard", 5),), True),
        ((stay("Door", 0),), True),
        ((stay("Street", 60), stay("Yard", 5)), True),
        ((stay("Street", 60), stay("Yard", 1)), False),
        ((stay("Street", 60), stay("Door", 0)), True),
        ((left("Street", 60),), True),
        ((left("Yard", 1),), True),
        ((left("Yard", 60), stay("Street", 1)), False),
        ((gone_from("Street", 60),), False),
        ((gone_from("Yard", 4.9),), False),
        ((gone_from("Yard", 5),), True),
        ((left("Yard", 60), gone_from("Street", 1)), False),
    ],
)
def test_where_a_thing_stands_decides_whether_rules_fire_on_it(zones: tuple[ZoneStay, ...], *, told: bool) -> None:
    assert fires(presence(zones=zones)) is told
    assert fires(presence(zones=zones), terms={})


def test_rules_that_name_the_zone_are_held_back_too() -> None:
    assert not fires(presence(zones=(stay("Yard", 3),)), zone="Yard", dwell_s=2)
    assert fires(presence(zones=(stay("Yard", 5),)), zone="Yard", dwell_s=2)
    assert not fires(presence(zones=(stay("Yard", 5),)), zone="Yard", dwell_s=9)


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        (stay("Street", 60), "zones.Street.notification_enabled asks a zone that notifies, it is switched off"),
        (stay("Yard", 2), "zones.Yard.alert_duration asks at least 5.0 s, it was 2.0 s"),
    ],
)
def test_people_can_read_that_a_zone_held_it_back(zone: ZoneStay, said: str) -> None:
    (decision,) = decide([rule("r")], presence(zones=(zone,)), at=AT, fired={}, last_fired={}, terms=TERMS)
    assert decision.sentence == f"r did not fire: {said}."


@given(
    st.lists(st.tuples(st.sampled_from(["Street", "Yard", "Door"]), st.floats(0, 9), st.booleans()), max_size=4),
    st.sampled_from([{}, {"zone": "Yard"}, {"dwell_s": 3}, {"kind": "count", "at_least": 1}]),
)
def test_the_reason_says_no_more_and_no_less_than_what_happens(
    zones: list[tuple[str, float, bool]], condition: dict[str, Any]
) -> None:
    seen = presence(dwell_s=9, zones=tuple(stay(name, dwell, inside=inside) for name, dwell, inside in zones))
    (decision,) = decide([rule(condition=condition)], seen, at=AT, fired={}, last_fired={}, terms=TERMS)
    assert (decision.outcome == "held") is fires(seen, **condition)
    assert (decision.outcome == "unmet") is bool(decision.unmet)
