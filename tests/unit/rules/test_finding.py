"""What specialists find, in → which rules fire, out."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.domain.box import Box
from shared.domain.errors import InvalidInput
from shared.domain.module import MODULES, THINGS
from shared.domain.presence import Presence
from shared.rules.condition import parse_condition
from shared.rules.conditions.finding import KEYS
from shared.rules.finding_words import WORDS
from shared.rules.found import Found, Match, match_of
from shared.rules.rule import Rule, evaluate, evaluate_finding, is_new_episode

AT = datetime(2026, 1, 15, 10, 30, tzinfo=UTC)
CAR = Presence(
    id="p-1",
    camera="gate",
    track_id=7,
    label="car",
    confidence=0.9,
    box=Box(0, 0, 10, 10),
    started_at=AT,
    last_seen_at=AT,
    frames=3,
    frame_width=100,
    frame_height=100,
)
PLATES = {
    "plates": [
        {"plate": "AB-123-CD", "plate_text": "AB123CD", "confidence": 0.9, "region": "FR", "list_match": "deny"},
        {"plate": "XY 1", "plate_text": "XY1", "confidence": 0.6, "region": None, "list_match": None},
    ]
}
FACES = {
    "faces": [
        {"identity": "known", "person_name": "Anna", "confidence": 0.99, "bbox": [1, 2, 3, 4], "picture": 2},
        {"identity": "uncertain", "person_name": None, "confidence": 0.98},
    ]
}
STRANGER = {"faces": [{"identity": "unknown", "person_name": None, "confidence": 0.97}]}
FIRE = {
    "detections": [{"label": "fire", "confidence": 0.8, "bbox": [1, 2, 30, 40], "frame": 5}],
    "suspected": [{"label": "smoke", "confidence": 0.9}],
    "status": "fire",
}
SUSPECTED = {**FIRE, "detections": [], "status": "uncertain"}
PEOPLE = {"persons": [{"violations": ["helmet"], "confidence": 0.7}, {"violations": []}], "required": ["vest"]}
POSE = {"person_action": "fall", "confidence": 0.9, "persons": [{"person_action": "fall", "confidence": 0.9}]}
HELP = {"gestures": [], "help_signal": True, "hands": 1}
TEXT = {"lines": [{"text": "Livraison DHL", "confidence": 0.9}], "text": "Livraison DHL"}
VEHICLES = {"vehicles": [{"type": "truck", "color": "red", "confidence": 0.8}]}

COVERED = {"detections": [{"label": "covered", "confidence": 0.9, "bbox": [0, 0, 640, 360], "frame": 3}]}


def condition(**said: Any) -> Any:
    return parse_condition({"kind": "finding", **said})


def found(module: str, results: dict[str, Any], presence: Presence | None = None, *, after_s: float = 0.0) -> Found:
    return Found(module, results, AT + timedelta(seconds=after_s), presence)


def rule(slug: str = "r", *, cooldown_s: float = 0.0, **said: Any) -> Rule:
    return Rule(slug=slug, name=slug, condition=condition(**said), cooldown_s=cooldown_s)


@pytest.mark.parametrize(
    ("said", "results", "label"),
    [
        ({"module": "lpr", "list_match": "deny"}, PLATES, "AB123CD"),
        ({"module": "lpr", "list_match": "none"}, PLATES, "XY1"),
        ({"module": "lpr", "list_match": ["allow"]}, PLATES, None),
        ({"module": "lpr", "list_match": ["allow", "deny"]}, PLATES, "AB123CD"),
        ({"module": "lpr", "list_match": "none", "min_confidence": 0.7}, PLATES, None),
        ({"module": "lpr", "plate": "ab-123-cd"}, PLATES, "AB123CD"),
        ({"module": "lpr", "plate": ["xy1"], "list_match": "deny"}, PLATES, None),
        ({"module": "lpr", "region": "fr"}, PLATES, "AB123CD"),
        ({"module": "lpr"}, PLATES, "AB123CD"),
        ({"module": "lpr"}, {"plates": []}, None),
        ({"module": "face", "person_name": ["anna", "Bob"]}, FACES, "Anna"),
        ({"module": "face", "person_name": "Bob"}, FACES, None),
        ({"module": "face", "unknown": True}, FACES, None),
        ({"module": "face", "unknown": True}, STRANGER, "unknown"),
        ({"module": "face", "unknown": False}, STRANGER, None),
        ({"module": "fire_smoke"}, FIRE, "fire"),
        ({"module": "fire_smoke", "label": ["fire", "smoke"], "min_confidence": 0.8}, FIRE, "fire"),
        ({"module": "fire_smoke", "label": "smoke"}, FIRE, None),
        ({"module": "fire_smoke", "min_confidence": 0.81}, FIRE, None),
        ({"module": "fire_smoke"}, SUSPECTED, None),
        ({"module": "camera_health", "label": ["covered", "black"]}, COVERED, "covered"),
        ({"module": "camera_health", "label": "moved"}, COVERED, None),
        ({"module": "camera_health"}, SUSPECTED, None),
        ({"module": "ppe", "violation": ["helmet"]}, PEOPLE, "helmet"),
        ({"module": "ppe", "violation": "vest"}, PEOPLE, None),
        ({"module": "pose", "person_action": ["fall"]}, POSE, "fall"),
        ({"module": "pose", "person_action": "walking"}, POSE, None),
        ({"module": "gesture", "help_signal": True}, HELP, "help signal"),
        ({"module": "gesture", "help_signal": True}, {**HELP, "help_signal": False}, None),
        ({"module": "gesture", "gesture": "fist"}, {"gestures": [{"gesture": "fist"}], "help_signal": False}, "fist"),
        ({"module": "gesture"}, HELP, None),
        ({"module": "ocr", "text": "dhl"}, TEXT, "Livraison DHL"),
        ({"module": "ocr", "text": "ups"}, TEXT, None),
        ({"module": "vehicle", "color": "red", "vehicle_type": ["bus", "truck"]}, VEHICLES, "truck"),
        ({"module": "vehicle", "color": "red", "vehicle_type": "bus"}, VEHICLES, None),
        ({"module": "bytetrack", "label": "dog"}, {"tracks": [{"label": "dog", "confidence": 0.5}]}, "dog"),
        ({"module": "reid"}, {"embedding": {"size": 3}}, None),
        ({"module": "lpr"}, {"status": "unavailable", "reason": "no weights"}, None),
        ({"module": "lpr"}, {"plates": "none", "persons": [{}]}, None),
        ({"module": "lpr"}, {"plates": [3, None]}, None),
    ],
)
def test_a_condition_looks_for_one_thing_to_which_all_applies(
    said: dict[str, Any], results: dict[str, Any], label: str | None
) -> None:
    match = condition(**said).found(found(said["module"], results))
    assert (match.label if match else None) == label


def test_another_modules_findings_are_none_of_its_business() -> None:
    assert condition(module="lpr").found(found("face", PLATES)) is None


def test_a_match_says_where_it_is_and_on_which_picture() -> None:
    assert match_of("fire_smoke", FIRE["detections"][0]) == Match("fire", 0.8, (1, 2, 30, 40), 5)  # type: ignore[index]
    assert match_of("face", FACES["faces"][0]).picture == 2
    assert match_of("pose", {"bbox": ["a", 1, 2, 3], "picture": True}) == Match("pose")


@pytest.mark.parametrize("kind", ["presence", "finding"])
def test_a_presence_alone_never_satisfies_what_waits_for_a_finding(kind: str) -> None:
    said = {"kind": kind, "module": "lpr"} if kind == "finding" else {}
    fires = Rule(slug="r", name="r", condition=parse_condition(said))
    assert bool(evaluate([fires], CAR, at=AT, last_fired={})) is (kind == "presence")


@pytest.mark.parametrize(
    ("said", "awaits", "modules"),
    [
        ({"module": "lpr"}, True, ("lpr",)),
        ({"module": "lpr", "presence_labels": ["car"]}, True, ("lpr",)),
        ({"module": "lpr", "presence_labels": ["truck"]}, False, ("lpr",)),
        ({"module": "lpr", "schedule": {"windows": [{"from": "11:00", "to": "12:00"}]}}, False, ("lpr",)),
        ({"module": "fire_smoke"}, False, ()),
        ({"module": "camera_health"}, False, ()),
        ({"module": "fire_smoke", "presence_labels": ["car"]}, True, ("fire_smoke",)),
    ],
)
def test_a_condition_says_which_presences_it_wants_looked_at(
    said: dict[str, Any], *, awaits: bool, modules: tuple[str, ...]
) -> None:
    made = condition(**said)
    assert made.awaits(CAR, AT) is awaits
    assert made.modules() == modules
    assert (made.found(found(said["module"], {**PLATES, **FIRE}, CAR)) is not None) is (awaits or not modules)


def test_about_a_presence_a_rule_fires_once_and_not_while_it_cools_down() -> None:
    rules = [rule("deny", module="lpr", list_match="deny"), rule("cool", module="lpr", cooldown_s=60)]
    about = found("lpr", PLATES, CAR)

    def firing(fired: frozenset[str], last: dict[str, datetime]) -> list[str]:
        return [one.slug for one, _ in evaluate_finding(rules, about, fired=fired, last_fired=last)]

    assert firing(frozenset(), {}) == ["deny", "cool"]
    assert firing(frozenset({"deny"}), {}) == ["cool"]
    assert firing(frozenset(), {"deny": AT, "cool": AT - timedelta(seconds=59)}) == ["deny"]


def test_about_a_scene_every_match_is_told_for_the_episode_to_go_on() -> None:
    last = {"fire": AT - timedelta(seconds=20)}
    told = evaluate_finding(
        [rule("fire", module="fire_smoke", cooldown_s=600)], found("fire_smoke", FIRE), last_fired=last
    )
    assert [one.slug for one, _ in told] == ["fire"]


@pytest.mark.parametrize(
    ("last_s", "new"), [(None, True), (-120, False), (-121, True), (0, False), (20, False), (500, True)]
)
def test_a_new_episode_begins_after_a_gap(last_s: float | None, *, new: bool) -> None:
    last = None if last_s is None else AT + timedelta(seconds=last_s)
    assert is_new_episode(AT, last, gap_s=120) is new


def test_an_episode_is_one_however_long_it_lasts() -> None:
    last: datetime | None = None
    episodes = 0
    for second in [*range(0, 1000, 20), *range(1500, 1600, 20)]:
        at = AT + timedelta(seconds=second)
        episodes += is_new_episode(at, last, gap_s=120)
        last = at
    assert episodes == 2


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(InvalidInput) as caught:
        condition(module="face", list_match="denied", violation=[1], label="x", min_confidence=2, zone="Door")
    told = {problem.field: problem.reason for problem in caught.value.problems}
    assert told.keys() == {
        f"condition.{key}" for key in ("list_match.0", "violation", "label", "min_confidence", "zone")
    }
    assert "its findings can be asked: unknown, person_name" in told["condition.label"]


@pytest.mark.parametrize("module", [None, "lprr", 3])
def test_the_module_must_be_one(module: object) -> None:
    with pytest.raises(InvalidInput) as caught:
        condition(**({} if module is None else {"module": module}))
    assert caught.value.field == "condition.module"


@pytest.mark.parametrize("words", [[], "", [""], "x" * 129, ["a"] * 129, 5, {"a": 1}, None])
def test_words_are_one_or_some(words: object) -> None:
    if words is None:
        assert condition(module="ocr", text=words).text is None
        return
    with pytest.raises(InvalidInput):
        condition(module="ocr", text=words)


def test_what_was_said_is_read_again_from_its_document() -> None:
    for module, keys in KEYS.items():
        for key in keys:
            said = {"list_match": "deny", "unknown": True, "help_signal": True}.get(key, "word")
            made = condition(module=module, **{key: said}, presence_labels=["car"])
            assert parse_condition(made.document()) == made


def test_every_key_and_list_is_of_a_module_that_there_is() -> None:
    assert set(KEYS) <= set(MODULES)
    assert set(THINGS) <= set(MODULES)


def test_the_conditions_of_the_page_about_it_can_be_read() -> None:
    page = (Path(__file__).parents[3] / "docs" / "how-to" / "look-closer.md").read_text("utf-8")
    lines = [line for line in page.splitlines() if line.startswith('{"kind": "finding"')]
    assert len(lines) >= 6
    for line in lines:
        assert parse_condition(json.loads(line), new=True).document()["kind"] == "finding"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"module": "fire_smoke", "label": "fier"}, "fire_smoke never says 'fier' – did you mean 'fire'?"),
        ({"module": "pose", "person_action": ["fall", "runing"]}, "pose never says 'runing' – did you mean 'running'?"),
        ({"module": "gesture", "gesture": "none"}, "gesture never says 'none' – "),
        ({"module": "ppe", "violation": "helmets"}, "ppe never says 'helmets' – did you mean 'helmet'?"),
        ({"module": "vehicle", "color": "gray"}, "vehicle never says 'gray' – did you mean 'grey'?"),
        ({"module": "vehicle", "vehicle_type": "tank"}, "vehicle never says 'tank' – known names: "),
        (
            {"module": "camera_health", "label": ["down", "qqq"]},
            "camera_health never says 'qqq' – known names: ",
        ),
        ({"module": "camera_health", "label": ["down", "qqq"]}, "the event camera_down is raised and told without"),
    ],
)
def test_a_word_that_a_module_never_says_is_refused_in_new_rules(said: dict[str, Any], expected: str) -> None:
    values = {"kind": "finding", **said}
    with pytest.raises(InvalidInput) as caught:
        parse_condition({"kind": "all", "conditions": [values, {"kind": "finding", "module": "lpr"}]}, new=True)
    (problem,) = caught.value.problems
    assert problem.field == f"condition.conditions.0.{list(said)[1]}"
    assert expected in problem.reason
    assert parse_condition(values), "one that is stored must load"


def test_a_hundred_strange_words_are_refused_in_few() -> None:
    values = {"kind": "finding", "module": "pose", "person_action": [f"{number}" * 60 for number in range(100)]}
    with pytest.raises(InvalidInput, match="and 95 more") as caught:
        parse_condition(values, new=True)
    assert len(str(caught.value)) < 2000


def test_every_word_of_a_module_can_be_asked_for_in_any_case() -> None:
    for module, keys in WORDS.items():
        for key, known in keys.items():
            values = {"kind": "finding", "module": module, key: [*known, known[0].upper()]}
            assert parse_condition(values, new=True)
            assert key in KEYS[module]


def test_words_that_no_list_ends_are_taken_as_they_are() -> None:
    for module, key in (("lpr", "plate"), ("face", "person_name"), ("ocr", "text"), ("bytetrack", "label")):
        assert parse_condition({"kind": "finding", "module": module, key: "whatever"}, new=True)
