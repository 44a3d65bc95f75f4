"""What a judge is asked, and what is taken for an answer."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.brain.judge import DESCRIPTION_LENGTH, REASON_LENGTH, Opinion, opinion_schema
from services.brain.prompt import CaseFacts, evidence, instructions
from shared.domain.recipient import Language
from tests.model_server import GOOD, good

AT = datetime(2026, 1, 15, 10, 30, 45, tzinfo=UTC)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=60,
)


def facts(**changes: Any) -> CaseFacts:
    known: dict[str, Any] = {
        "camera": "Front door",
        "label": "person",
        "confidence": 0.94321,
        "zones": ("Door",),
        "rules": (("At night", {"labels": ["person"], "zone": "Door"}),),
        "started_at": AT,
        "at": AT,
        "findings": {"ocr": {"lines": [{"text": "PRIVATE"}]}},
        "language": "en",
    }
    return CaseFacts(**{**known, **changes})


def test_the_document_says_what_is_known() -> None:
    assert json.loads(evidence(facts())) == {
        "camera": "Front door",
        "detected": "person",
        "confidence": 0.943,
        "zones": ["Door"],
        "rules": [{"name": "At night", "condition": {"labels": ["person"], "zone": "Door"}}],
        "in_view_since": "2026-01-15T10:30:45+00:00",
        "decided_at": "2026-01-15T10:30:45+00:00",
        "findings": {"ocr": {"lines": [{"text": "PRIVATE"}]}},
    }


def test_what_a_rule_asks_is_told_whole_however_deeply_it_is_nested() -> None:
    condition: dict[str, Any] = {"labels": ["person"], "schedule": {"windows": [{"from": "22:00", "to": "06:00"}]}}
    for kind in ("all", "not", "any", "all"):
        condition = {"kind": kind, "conditions": [condition]}
    document = json.loads(evidence(facts(rules=(("At night", condition),))))
    assert document["rules"] == [{"name": "At night", "condition": condition}]


@given(st.dictionaries(st.text(), ANYTHING), st.text(), st.lists(st.text()))
def test_whatever_others_wrote_stays_one_bounded_json_document(
    findings: dict[str, Any], camera: str, zones: list[str]
) -> None:
    text = evidence(facts(findings=findings, camera=camera, zones=tuple(zones)))
    assert len(text) <= 30_000
    assert isinstance(json.loads(text), dict)
    assert not set(text) & set("<>|\x00\x07\x1b\u202e\u2028")


def test_findings_without_end_are_left_out_before_anything_else() -> None:
    endless = {f"module{n}": {f"key{m}": "x" * 500 for m in range(40)} for n in range(40)}
    document = json.loads(evidence(facts(findings=endless)))
    assert document["findings"] == {"left out": "they are too long"}
    assert document["camera"] == "Front door"


@pytest.mark.parametrize("language", get_args(Language))
def test_the_instructions_are_the_same_but_for_the_language(language: Language) -> None:
    text = instructions(language)
    assert text.partition("in ")[0] == instructions("en").partition("in ")[0]
    assert "{" not in text
    assert instructions(language, again=True).startswith(text)


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "no JSON",
        "{}",
        "[]",
        "null",
        good()[:-2],
        good() + good(),
        f"```json\n{good()}\n```",
        good(verdict="maybe"),
        good(verdict=None),
        good(threat_level=4),
        good(threat_level=-1),
        good(threat_level="2"),
        good(threat_level=2.5),
        good(threat_level=True),
        good(reason=""),
        good(reason=" \n\x00"),
        good(reason=["a"]),
        good(channels=["telegram"]),
        json.dumps({name: value for name, value in GOOD.items() if name != "description"}),
    ],
)
def test_what_does_not_fit_the_schema_is_no_answer(answer: str) -> None:
    assert Opinion.read(answer) is None


@given(ANYTHING)
def test_no_json_whatever_breaks_the_reading(value: Any) -> None:
    Opinion.read(json.dumps(value))
    read = Opinion.read(json.dumps({**GOOD, "reason": value, "description": value}))
    assert read is None or (0 < len(read.reason) <= REASON_LENGTH and len(read.description) <= DESCRIPTION_LENGTH)


def test_the_schema_allows_nothing_else() -> None:
    schema = opinion_schema()
    assert schema["additionalProperties"] is False
    assert set(schema["required"]) == set(GOOD) == set(schema["properties"])
