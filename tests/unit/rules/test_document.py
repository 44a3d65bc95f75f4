"""Rules in files."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from shared.db.events import RuleRow
from shared.domain.arming import ARM_STATES
from shared.domain.channel import CHANNELS
from shared.domain.errors import InvalidInput
from shared.domain.module import MODULES
from shared.rules.document import MOST_RULES, RuleDocument, document_of, read_rules
from shared.rules.registry import MAX_COOLDOWN_S, MAX_JUDGE_DEADLINE_S, MAX_SEVERITY
from tests.unit.rules.test_decision import EXAMPLES
from tests.unit.rules.test_rule import AT

slugs = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,20}", fullmatch=True)
names = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=30)
conditions = st.sampled_from([{"kind": kind} | each for kind, found in EXAMPLES.items() for each in found] + [{}])
documents = st.builds(
    RuleDocument,
    id=slugs,
    name=names,
    enabled=st.booleans(),
    camera_id=st.none() | slugs,
    condition=conditions,
    cooldown_s=st.floats(0, MAX_COOLDOWN_S),
    cooldown_per=st.sampled_from(["camera", "rule", "track"]),
    severity=st.integers(1, MAX_SEVERITY),
    modules=st.lists(st.sampled_from(MODULES), unique=True, max_size=3).map(tuple),
    judge=st.booleans(),
    judge_deadline_s=st.floats(0, MAX_JUDGE_DEADLINE_S),
    channels=st.lists(st.sampled_from(CHANNELS), unique=True, max_size=3).map(tuple),
    recipients=st.lists(st.integers(1, 99), unique=True, max_size=3).map(tuple),
    armed=st.lists(st.sampled_from(ARM_STATES), unique=True, max_size=3).map(tuple),
)


@given(st.lists(documents, max_size=4, unique_by=lambda each: each.id))
def test_what_is_written_reads_as_the_same_rules(rules: list[RuleDocument]) -> None:
    text = yaml.safe_dump([each.written() for each in rules], sort_keys=False, allow_unicode=True)
    # Stored ones that can never fire are written too.
    assert read_rules(yaml.safe_load(text), new=False) == tuple(rules)


def test_a_stored_rule_says_all_that_it_was_given() -> None:
    row = RuleRow(
        slug="door", name="Door", enabled=False, camera_slug="cam_001", condition={"kind": "presence"}, cooldown_s=60.0,
        cooldown_per="rule", severity=3, modules=["lpr"], judge=True, judge_deadline_s=2.0, channels=["email"],
        incident_window_s=0.0, incident_per="rule", recipients=[7], armed=["night"], created_at=AT, updated_at=AT,
    )  # fmt: skip
    assert document_of(row).written() == {
        "id": "door", "name": "Door", "enabled": False, "camera_id": "cam_001", "cooldown_s": 60.0,
        "cooldown_per": "rule", "severity": 3, "modules": ["lpr"], "judge": True, "judge_deadline_s": 2.0,
        "channels": ["email"], "recipients": [7], "armed": ["night"],
    }  # fmt: skip


def test_every_wrong_field_of_every_rule_is_named_at_once() -> None:
    given_rules: list[Any] = [
        {"id": "ok", "name": "Fine"},
        {"id": "no spaces", "name": "X", "severty": 3},
        {"id": "b", "cooldown_s": -1, "condition": {"kind": "presence", "labls": ["person"]}},
        {"id": "ok", "name": "Again", "armed": ["holiday"]},
        {"id": "ok", "name": "And again"},
        "rule_005",
    ]
    with pytest.raises(InvalidInput) as error:
        read_rules(given_rules)
    assert [each.field for each in error.value.problems] == [
        "rules.1.id", "rules.1.severty", "rules.2.condition.labls", "rules.2.name", "rules.2.cooldown_s",
        "rules.3.armed.0", "rules.5", "rules",
    ]  # fmt: skip
    assert "did you mean 'severity'" in str(error.value)


@pytest.mark.parametrize("given_rules", [None, "x", {"id": "a"}, [{}] * (MOST_RULES + 1)])
def test_what_is_no_list_of_rules_is_refused(given_rules: Any) -> None:
    with pytest.raises(InvalidInput, match="must be a list"):
        read_rules(given_rules)


def test_what_a_file_alone_shows_of_the_cameras_of_steps_is_named() -> None:
    steps = [{"condition": {}}, {"camera": "gate", "condition": {}}]
    sequence = {"kind": "sequence", "within_s": 60, "steps": steps}
    with pytest.raises(InvalidInput) as error:
        read_rules([
            {"id": "a", "name": "A", "condition": sequence},
            {"id": "b", "name": "B", "camera_id": "yard", "condition": sequence},
            {"id": "c", "name": "C", "camera_id": "yard", "condition": {**sequence, "steps": steps[1:] * 2}},
            {"id": "d", "name": "D", "camera_id": 7, "condition": sequence},
        ])  # fmt: skip
    assert [each.field for each in error.value.problems] == [
        "rules.0.condition.steps.0.camera", "rules.2.camera_id", "rules.3.camera_id",
    ]  # fmt: skip
