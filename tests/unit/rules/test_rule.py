"""Which rules fire on a presence."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.arming import ARM_STATES, ArmState
from shared.domain.box import Box
from shared.domain.errors import UserError
from shared.domain.presence import Presence, ZoneStay
from shared.rules.condition import parse_condition
from shared.rules.conditions import CATALOGUE
from shared.rules.rule import Rule, evaluate, rules_by_camera

AT = datetime(2026, 1, 15, 10, 30, tzinfo=UTC)


def presence(*, dwell_s: float = 0.0, zones: tuple[ZoneStay, ...] = (), **fields: object) -> Presence:
    values: dict[str, object] = {
        "id": "p1", "camera": "door", "track_id": 1, "label": "person", "confidence": 0.8,
        "box": Box(0, 0, 10, 20), "frames": 5, "frame_width": 100, "frame_height": 100,
        "started_at": AT - timedelta(seconds=dwell_s), "last_seen_at": AT, "zones": zones, **fields,
    }  # fmt: skip
    return Presence(**values)  # type: ignore[arg-type]


def stay(zone: str, dwell_s: float, *, inside: bool = True) -> ZoneStay:
    return ZoneStay(zone, AT - timedelta(seconds=dwell_s), dwell_s, inside)


def left(zone: str, dwell_s: float) -> ZoneStay:
    return ZoneStay(zone, AT - timedelta(seconds=dwell_s + 1), dwell_s, inside=False, left_at=AT - timedelta(seconds=1))


def rule(slug: str = "r", *, condition: dict[str, object] | None = None, **fields: object) -> Rule:
    return Rule(slug=slug, name=slug, condition=parse_condition(condition or {}), **fields)  # type: ignore[arg-type]


DAY = {"timezone": "UTC", "windows": [{"from": "10:00", "to": "11:00"}]}
ACROSS = {"kind": "line", "start": [0.3, 0.5], "end": [0.7, 0.5]}
OTHER = {"timezone": "UTC", "windows": [{"from": "11:00", "to": "12:00"}]}


@pytest.mark.parametrize(
    ("condition", "seen", "holds"),
    [
        ({}, presence(), True),
        ({"kind": "presence"}, presence(), True),
        ({"labels": ["person"]}, presence(), True),
        ({"labels": ["car", "person"]}, presence(), True),
        ({"labels": ["car"]}, presence(), False),
        ({"min_confidence": 0.8}, presence(), True),
        ({"min_confidence": 0.81}, presence(), False),
        ({"dwell_s": 5}, presence(dwell_s=4.9), False),
        ({"dwell_s": 5}, presence(dwell_s=5), True),
        ({"zone": "Door"}, presence(), False),
        ({"zone": "Door"}, presence(zones=(stay("Gate", 9),)), False),
        ({"zone": "Door"}, presence(zones=(stay("Gate", 9), stay("Door", 0))), True),
        ({"zone": "Door", "dwell_s": 5}, presence(dwell_s=60, zones=(stay("Door", 4),)), False),
        ({"zone": "Door", "dwell_s": 5}, presence(dwell_s=60, zones=(stay("Door", 5),)), True),
        ({"zone": "Door", "dwell_s": 5}, presence(zones=(stay("Door", 6, inside=False),)), True),
        ({"schedule": DAY}, presence(), True),
        ({"schedule": OTHER}, presence(), False),
        ({"zone": "Door", "schedule": DAY}, presence(zones=(stay("Door", 6, inside=False),)), False),
        ({"zone": "Door", "passage": "enter"}, presence(dwell_s=9, zones=(stay("Door", 9),)), False),
        ({"zone": "Door", "passage": "enter"}, presence(dwell_s=9, zones=(stay("Door", 8),)), True),
        ({"zone": "Door", "passage": "enter", "dwell_s": 9}, presence(dwell_s=9, zones=(stay("Door", 8),)), False),
        ({"zone": "Door", "passage": "leave"}, presence(zones=(stay("Door", 8),)), False),
        ({"zone": "Door", "passage": "leave"}, presence(zones=(stay("Door", 8, inside=False),)), False),
        ({"zone": "Door", "passage": "leave"}, presence(zones=(left("Door", 8),)), True),
        ({"zone": "Door", "passage": "leave", "schedule": DAY}, presence(zones=(left("Door", 8),)), True),
        ({"zone": "Door", "passage": "leave", "dwell_s": 9}, presence(zones=(left("Door", 8),)), False),
        (ACROSS, presence(path=((0.5, 0.1), (0.5, 0.4))), False),
        (ACROSS, presence(path=((0.5, 0.1), (0.5, 0.9))), True),
        (ACROSS, presence(path=((0.1, 0.1), (0.1, 0.9))), False),
        ({**ACROSS, "direction": "to_right"}, presence(path=((0.5, 0.1), (0.5, 0.9))), True),
        ({**ACROSS, "direction": "to_left"}, presence(path=((0.5, 0.1), (0.5, 0.9))), False),
        ({**ACROSS, "direction": "to_left"}, presence(path=((0.5, 0.1), (0.5, 0.9), (0.5, 0.1))), True),
        ({**ACROSS, "labels": ["car"]}, presence(path=((0.5, 0.1), (0.5, 0.9))), False),
        ({**ACROSS, "min_confidence": 0.9}, presence(path=((0.5, 0.1), (0.5, 0.9))), False),
        ({**ACROSS, "schedule": OTHER}, presence(path=((0.5, 0.1), (0.5, 0.9))), False),
        ({"kind": "count", "at_least": 1}, presence(), True),
        ({"kind": "count", "at_least": 2}, presence(), False),
        ({"kind": "count", "at_least": 1.0}, presence(), True),
    ],
)
def test_a_condition_holds(condition: dict[str, object], seen: Presence, *, holds: bool) -> None:
    assert parse_condition(condition).holds(seen, AT) is holds


@pytest.mark.parametrize(
    ("condition", "field"),
    [
        ({"kind": "lines"}, "condition.kind"),
        ({"kind": "line", "start": [0, 0]}, "condition.end"),
        ({"kind": "line", "start": [0, 0], "end": [2, 0]}, "condition.end.0"),
        ({"kind": "line", "start": [0, 0, 0], "end": [1, 0]}, "condition.start"),
        ({"kind": "line", "start": [0.5, 0.5], "end": [0.5, 0.5]}, "condition"),
        ({"kind": "count", "at_least": 0}, "condition.at_least"),
        ({"kind": "count", "at_least": 1.5}, "condition.at_least"),
        ({"kind": "count", "at_least": "2"}, "condition.at_least"),
        ({"kind": "count", "at_least": True}, "condition.at_least"),
        ({"passage": "enter"}, "condition.passage"),
        ({"zone": "Door", "passage": "jump"}, "condition.passage"),
        ({"kind": 1}, "condition.kind"),
        ({"label": "person"}, "condition.label"),
        ({"labels": "person"}, "condition.labels"),
        ({"labels": [""]}, "condition.labels.0"),
        ({"min_confidence": 1.5}, "condition.min_confidence"),
        ({"min_confidence": float("nan")}, "condition.min_confidence"),
        ({"dwell_s": -1}, "condition.dwell_s"),
        ({"dwell_s": float("inf")}, "condition.dwell_s"),
        ({"zone": ""}, "condition.zone"),
        ({"schedule": {"windows": [{"from": "1", "to": "2"}]}}, "condition.schedule.windows.0.from"),
    ],
)
def test_what_is_no_condition_is_refused_with_its_field(condition: dict[str, object], field: str) -> None:
    with pytest.raises(UserError) as caught:
        parse_condition(condition)
    assert caught.value.field == field


def test_every_kind_of_condition_in_the_catalogue_can_be_made_from_its_name_and_what_it_requires() -> None:
    required: dict[str, dict[str, object]] = {
        "absence": {"for_s": 60},
        "all": {"conditions": [{}]},
        "any": {"conditions": [{}]},
        "not": {"condition": {}},
        "finding": {"module": "lpr"},
        "count": {"at_least": 2},
        "line": {"start": [0, 0], "end": [1, 1]},
        "speed": {"at_least": 1.6},
        "sequence": {"within_s": 60, "steps": [{"condition": {}}, {"condition": {}}]},
    }
    for kind in CATALOGUE:
        assert isinstance(parse_condition({"kind": kind, **required.get(kind, {})}).holds(presence(), AT), bool)


def test_a_rule_fires_once_per_presence() -> None:
    assert evaluate([rule("a"), rule("b")], presence(), at=AT, fired={"a"}, last_fired={}) == (rule("b"),)


@pytest.mark.parametrize(
    ("last", "fires"),
    [
        (None, True),
        (AT - timedelta(seconds=59), False),
        (AT - timedelta(seconds=60), True),
        (AT, False),
        (AT + timedelta(seconds=59), False),  # an older message that came late
        (AT + timedelta(hours=1), True),  # the clock was set back
    ],
)
def test_a_rule_keeps_silent_while_it_cools_down(last: datetime | None, *, fires: bool) -> None:
    cooling = rule("a", cooldown_s=60)
    found = evaluate([cooling], presence(), at=AT, last_fired={} if last is None else {"a": last})
    assert bool(found) is fires


def test_a_camera_has_its_own_rules_its_accounts_and_everybodys() -> None:
    rules = [
        rule("all"),
        rule("door", camera="door"),
        rule("gate", camera="gate"),
        rule("anna", account_id=1),
        rule("bert", account_id=2),
        rule("berts-door", account_id=2, camera="door"),
    ]
    found = rules_by_camera(rules, {"door": 1, "gate": 2})
    assert [r.slug for r in found["door"]] == ["all", "door", "anna"]
    assert [r.slug for r in found["gate"]] == ["all", "gate", "bert"]


@pytest.mark.parametrize(
    ("armed", "state", "awake"),
    [
        ((), "disarmed", True),
        ((), "away", True),
        (("away", "night"), "night", True),
        (("away", "night"), "home", False),
        (("away",), "disarmed", False),
        (("away",), None, True),  # nothing is known of the account
        (("night",), None, False),
    ],
)
def test_a_rule_is_awake_in_the_states_it_names(armed: tuple[str, ...], state: ArmState | None, *, awake: bool) -> None:
    states = {1: state} if state is not None else {}
    assert bool(rules_by_camera([rule(armed=armed)], {"door": 1}, states=states)["door"]) is awake


def test_everybodys_rule_heeds_the_state_of_the_cameras_account() -> None:
    found = rules_by_camera([rule(armed=("night",))], {"door": 1, "gate": 2, "yard": None}, states={1: "night"})
    assert {camera: bool(rules) for camera, rules in found.items()} == {"door": True, "gate": False, "yard": False}


@given(
    armed=st.sets(st.sampled_from(ARM_STATES)),
    states=st.dictionaries(st.integers(1, 3), st.sampled_from(ARM_STATES)),
)
def test_arming_only_ever_takes_rules_away(armed: set[ArmState], states: dict[int, ArmState]) -> None:
    accounts = {"door": 1, "gate": 2, "yard": None}
    rules = [rule("always"), rule("some", armed=tuple(armed)), rule("mine", account_id=1, armed=tuple(armed))]
    all_day = rules_by_camera([replace(each, armed=()) for each in rules], accounts)
    found = rules_by_camera(rules, accounts, states=states)
    for camera, account in accounts.items():
        awake = not armed or states.get(account or 0, "away") in armed
        wanted = {each.slug for each in all_day[camera] if awake or each.slug == "always"}
        assert {each.slug for each in found[camera]} == wanted
