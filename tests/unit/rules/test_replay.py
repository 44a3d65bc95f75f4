"""Trying a rule on presences that are over."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.eye.presence import PresenceBook
from shared.domain.box import Box
from shared.domain.detection import Detection, Track
from shared.domain.polygon import Polygon
from shared.domain.presence import Presence, PresencePhase, ZoneStay
from shared.domain.zone import Zone
from shared.rules.doubts import doubtful
from shared.rules.hindsight import TICK, as_known_at
from shared.rules.replay import replay
from shared.rules.rule import Rule, evaluate
from tests.unit.rules.test_rule import AT, OTHER, presence, rule

SIZE = (100, 100)
LEFT = Zone(name="Left", polygon=Polygon(((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))))
END = AT + timedelta(hours=1)


def at(second: float) -> datetime:
    return AT + timedelta(seconds=second)


def stayed(number: int, start: float, end: float, **fields: Any) -> Presence:
    return replace(presence(id=f"p{number}", **fields), started_at=at(start), last_seen_at=at(end))


def tried(made: Rule, *known: Presence, until: datetime = END) -> list[tuple[float, str | None, bool]]:
    return [
        ((each.at - AT).total_seconds(), each.presence.id if each.presence else None, each.cooling)
        for each in replay(made, known, since=AT, until=until)
    ]


@pytest.mark.parametrize(
    ("condition", "known", "expected"),
    [
        ({}, [stayed(1, 3, 9)], [(3, "p1", False)]),
        ({"labels": ["car"]}, [stayed(1, 3, 9)], []),
        ({"dwell_s": 5}, [stayed(1, 3, 9)], [(8, "p1", False)]),
        ({"dwell_s": 7}, [stayed(1, 3, 9)], []),
        ({"dwell_s": 1000}, [stayed(1, 0, 3000)], [(1000, "p1", False)]),
        ({"zone": "Left", "dwell_s": 2}, [stayed(1, 0, 9, zones=(ZoneStay("Left", at(4), 5, inside=True),))],
         [(6, "p1", False)]),
        ({"zone": "Left", "passage": "leave"},
         [stayed(1, 0, 9, zones=(ZoneStay("Left", at(1), 3, inside=False, left_at=at(4)),))], [(4, "p1", False)]),
        ({"zone": "Left", "passage": "enter"},
         [stayed(1, 0, 30, zones=(ZoneStay("Left", at(24), 10, inside=True),))], [(24, "p1", False)]),
        ({"zone": "Left", "passage": "leave"},
         [stayed(1, 0, 30, zones=(ZoneStay("Left", at(20), 12, inside=False, left_at=at(25)),))], [(25, "p1", False)]),
        ({"zone": "Left", "dwell_s": 10},
         [stayed(1, 0, 30, zones=(ZoneStay("Left", at(24), 18, inside=True),))], [(24, "p1", False)]),
        ({"kind": "count", "at_least": 2}, [stayed(1, 0, 9), stayed(2, 5, 8), stayed(3, 10, 12)], [(5, "p2", False)]),
        ({"kind": "count", "at_least": 2, "for_s": 2}, [stayed(1, 0, 9), stayed(2, 5, 8)], [(7, "p2", False)]),
        ({"kind": "line", "start": [0.5, 0.0], "end": [0.5, 1.0]},
         [stayed(1, 0, 8, path=((0.1, 0.5), (0.3, 0.5), (0.7, 0.5), (0.9, 0.5)))], [(5, "p1", False)]),
    ],
)  # fmt: skip
def test_it_fires_when_it_would_have(
    condition: dict[str, Any], known: list[Presence], expected: list[tuple[float, str | None, bool]]
) -> None:
    found = tried(rule(condition=condition), *known)
    assert [(pytest.approx(second, abs=1), *rest) for second, *rest in found] == expected


def test_a_cooldown_silences_until_it_is_over() -> None:
    made = rule(cooldown_s=60)
    known = [stayed(1, 0, 5), stayed(2, 30, 40), stayed(3, 50, 70), stayed(4, 61, 62)]
    assert tried(made, *known) == [(0, "p1", False), (30, "p2", True), (60, "p3", False), (61, "p4", True)]


def test_what_was_marked_as_false_is_told_apart_and_begins_no_cooldown() -> None:
    known = [stayed(1, 0, 5), stayed(2, 10, 15), stayed(3, 20, 30)]
    firings = replay(rule(cooldown_s=60), known, since=AT, until=END, known_false={"p1", "p3"})
    assert [(each.presence and each.presence.id, each.known_false, each.cooling) for each in firings] == [
        ("p1", True, False), ("p2", False, False), ("p3", True, False),
    ]  # fmt: skip


def test_what_was_marked_as_false_is_nobody_to_an_absence() -> None:
    made = rule(condition={"kind": "absence", "for_s": 60})
    firings = list(replay(made, [stayed(1, 0, 3600)], since=AT, until=at(600), known_false={"p1"}))
    assert [each.presence for each in firings] == [None]


def test_what_was_marked_as_false_does_no_step_before_the_last() -> None:
    steps = [{"camera": camera, "condition": {}} for camera in ("gate", "door")]
    made = rule(condition={"kind": "sequence", "within_s": 60, "steps": steps}, cooldown_s=60)
    gates = [stayed(1, 0, 5, camera="gate"), stayed(2, 100, 105, camera="gate")]
    doors = [stayed(3, 20, 30), stayed(4, 120, 125), stayed(5, 130, 135)]
    firings = replay(made, [*gates, *doors], since=AT, until=END, known_false={"p1", "p4"})
    assert [(each.presence and each.presence.id, each.known_false, each.cooling) for each in firings] == [
        ("p4", True, False), ("p5", False, False),
    ]  # fmt: skip


def test_what_lies_outside_the_time_is_left_out() -> None:
    known = [stayed(1, -100, -50), stayed(2, -10, 20), stayed(3, 30, 40)]
    assert tried(rule(), *known, until=at(30)) == [(0, "p2", False)]


def test_nobody_there_is_told_once_until_somebody_comes() -> None:
    made = rule(condition={"kind": "absence", "for_s": 60, "labels": ["person"]})
    known = [stayed(1, 100, 130), stayed(2, 400, 420, label="car")]
    found = tried(made, *known, until=at(600))
    assert [(pytest.approx(second, abs=15), *rest) for second, *rest in found] == [
        (60, None, False), (190, None, False),
    ]  # fmt: skip


walks = st.lists(st.tuples(st.integers(5, 95), st.integers(20, 95)), min_size=6, max_size=30)


@given(st.lists(st.tuples(st.integers(0, 20), walks), min_size=1, max_size=3))
def test_it_tells_the_same_as_the_live_run_did(people: list[tuple[int, list[tuple[int, int]]]]) -> None:
    rules = [
        rule("any"),
        rule("dwells", condition={"dwell_s": 6}),
        rule("crosses", condition={"kind": "line", "start": [0.5, 0.0], "end": [0.5, 1.0]}),
        *OF_A_ZONE,
    ]
    fired, final = live(rules, people)
    for made in rules:
        found = {each.presence.id for each in replay(made, final, since=AT, until=END) if each.presence is not None}
        assert found == fired[made.slug].keys(), made.slug


@given(st.lists(st.tuples(st.integers(0, 20), walks), min_size=1, max_size=3))
def test_nothing_is_told_of_a_zone_before_it_was_so(people: list[tuple[int, list[tuple[int, int]]]]) -> None:
    rules = [*OF_A_ZONE, LEAVES]
    fired, final = live(rules, people)
    for made in rules:
        for each in replay(made, final, since=AT, until=END):
            assert each.presence is not None
            # The live run believes in somebody on the second look, a second after the first.
            assert each.at >= fired[made.slug][each.presence.id] - TICK, made.slug


@given(st.lists(st.tuples(st.integers(0, 20), walks), min_size=1, max_size=3))
def test_who_left_a_zone_is_told_or_in_doubt(people: list[tuple[int, list[tuple[int, int]]]]) -> None:
    # Three seconds at each place: a visit of one look alone leaves no time behind by which it could be known.
    fired, final = live([LEAVES], [(start, [step for step in walk for _ in range(3)]) for start, walk in people])
    known = {each.presence.id for each in replay(LEAVES, final, since=AT, until=END) if each.presence is not None}
    in_doubt = {each.id for each in doubtful(LEAVES, final, since=AT, until=END)}
    assert known <= fired["leaves"].keys() <= known | in_doubt


@pytest.mark.parametrize(
    ("condition", "visits", "doubted"),
    [
        ({"passage": "leave"}, ZoneStay("Left", at(24), 16, inside=True), True),
        ({"passage": "leave"}, ZoneStay("Left", at(24), 6, inside=True), False),
        ({"passage": "leave", "labels": ["car"]}, ZoneStay("Left", at(24), 16, inside=True), False),
        ({"passage": "leave", "dwell_s": 12}, ZoneStay("Left", at(24), 16, inside=True), False),
        ({"schedule": OTHER}, ZoneStay("Left", at(24), 16, inside=True), False),
    ],
)
def test_an_earlier_visit_is_in_doubt_where_the_rule_could_have_fired_on_it(
    condition: dict[str, Any], *, visits: ZoneStay, doubted: bool
) -> None:
    made = rule(condition={"zone": "Left", **condition})
    found = list(doubtful(made, [stayed(1, 0, 30, zones=(visits,))], since=AT, until=END))
    assert bool(found) is doubted


OF_A_ZONE = [
    rule("zone", condition={"zone": "Left"}),
    rule("loiters", condition={"zone": "Left", "dwell_s": 4}),
    rule("enters", condition={"zone": "Left", "passage": "enter"}),
]
LEAVES = rule("leaves", condition={"zone": "Left", "passage": "leave"})


def live(
    rules: list[Rule], people: list[tuple[int, list[tuple[int, int]]]]
) -> tuple[dict[str, dict[str, datetime]], list[Presence]]:
    """What fired when on whom while these people walked, a step a second, and how each was known at last."""
    book = PresenceBook("door")
    fired: dict[str, dict[str, datetime]] = {made.slug: {} for made in rules}
    final: dict[str, Presence] = {}
    for second in range(max(start + len(walk) for start, walk in people) + 10):
        tracks = [
            track(number, *walk[second - start])
            for number, (start, walk) in enumerate(people)
            if 0 <= second - start < len(walk)
        ]
        for update in book.update(tracks, at=at(second), frame_size=SIZE, zones=[LEFT]):
            told = update.presence
            before = {slug for slug, ids in fired.items() if told.id in ids}
            when = at(second) if update.phase is not PresencePhase.ENDED else told.last_seen_at
            for made in evaluate(rules, told, at=when, fired=before, last_fired={}):
                fired[made.slug][told.id] = when
            final[told.id] = told
    return fired, list(final.values())


def track(number: int, x: int, y: int) -> Track:
    box = Box(x - 4, y - 15, x + 4, y)
    detection = Detection(label="person", confidence=0.9, box=box)
    return Track(track_id=number, label="person", box=box, detection=detection, confirmed=True)


@given(st.floats(-5, 20))
def test_nothing_is_known_of_what_came_later(second: float) -> None:
    seen = stayed(1, 0, 10, zones=(ZoneStay("Left", at(6), 4, inside=True),), path=((0.1, 0.1), (0.2, 0.2)))
    known = as_known_at(seen, at(second))
    assert known.last_seen_at <= max(at(second), seen.started_at)
    assert bool(known.zones) is (second >= 6)
    assert known.duration_s <= 10
