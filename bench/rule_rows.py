"""P8: what a change of a presence costs in rules of all kinds, and what other cameras' rules add to it."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.row import Row
from shared.domain.box import Box
from shared.domain.path import MAX_POINTS
from shared.domain.presence import Presence, ZoneStay
from shared.rules.condition import parse_condition
from shared.rules.rule import Rule, evaluate, rules_by_camera

RULES, CAMERAS, CHANGES = 200, 11, 400
_GOAL_MS, _MOST_BY_OTHERS = 0.3, 1.2
_AT = datetime(2026, 1, 15, 10, 30, tzinfo=UTC)
_WHAT = f"rules: a change of a presence, {RULES} rules of all kinds on its camera, ten others in view"
_OFFICE = {"timezone": "Europe/Paris", "windows": [{"days": ["mon", "tue"], "from": "08:00", "to": "18:00"}]}
# None of them ever holds, so each is asked anew at every change.
_CONDITIONS: dict[str, dict[str, Any]] = {
    "dwell": {"kind": "presence", "labels": ["person"], "zone": "door", "dwell_s": 60},
    "label": {"kind": "presence", "labels": ["car"]},
    "schedule": {"kind": "presence", "labels": ["person"], "schedule": _OFFICE},
    "line": {"kind": "line", "labels": ["person"], "start": [0.1, 0.2], "end": [0.9, 0.2]},
    "count": {"kind": "count", "labels": ["person"], "at_least": 6},
    "speed": {"kind": "speed", "labels": ["person"], "at_least": 5},
    "all": {
        "kind": "all",
        "conditions": [{"kind": "presence", "labels": ["person"]}, {"kind": "speed", "at_least": 5}],
    },
    "not": {"kind": "not", "condition": {"kind": "presence", "labels": ["person"]}},
}

# Few lines lie amid a path without being crossed; what 200 of these would cost is told beside.
_AMID: dict[str, Any] = {"kind": "line", "labels": ["person"], "start": [0.195, 0.505], "end": [0.206, 0.525]}


def p8_rules() -> Row:
    """Medians of single changes, on a camera alone and on one of eleven with as many rules each."""
    of_alone, of_many = _rules(cameras=1), _rules(cameras=CAMERAS)
    alone, many, half = (_median_ms(rules) for rules in (of_alone, of_many, of_alone[: RULES // 2]))
    kinds = {f"{name}_ms": _median_ms([rule] * RULES) for name, rule in zip(_CONDITIONS, of_alone, strict=False)}
    amid = _median_ms([Rule("amid", "A rule", parse_condition(_AMID))] * RULES)
    return Row(
        "P8",
        _WHAT,
        f"≤ {_GOAL_MS} ms, the same beside other cameras' rules",
        ours=f"{alone:.3f} ms",
        reference=f"one of {CAMERAS} such cameras: {many:.3f} ms",
        ratio=f"{many / alone:.2f}",
        met=alone <= _GOAL_MS and many <= _MOST_BY_OTHERS * alone,
        note=f"{RULES // 2} rules: {half:.3f} ms; {RULES} lines amid a path of {MAX_POINTS} points: {amid:.3f} ms",
        figures={"alone_ms": alone, "many_ms": many, "half_ms": half, **kinds, "line_amid_ms": amid},
    )


def _rules(*, cameras: int) -> Sequence[Rule]:
    """Those of the first camera, as the brain finds them."""
    conditions = [parse_condition(document) for document in _CONDITIONS.values()]
    names = [f"cam_{number:03}" for number in range(cameras)]
    every = [
        Rule(f"{name}-{number}", "A rule", conditions[number % len(conditions)], camera=name)
        for name in names
        for number in range(RULES)
    ]
    return rules_by_camera(every, dict.fromkeys(names))[names[0]]


def _median_ms(rules: Sequence[Rule]) -> float:
    presence, *others = (_presence(number) for number in range(11))
    took = []
    for change in range(CHANGES):
        at = _AT + timedelta(seconds=change / 5)
        changed = replace(presence, last_seen_at=at, frames=100 + change)
        started = time.perf_counter()
        fired = evaluate(rules, changed, at=at, others=others, last_fired={})
        took.append(1000 * (time.perf_counter() - started))
        if fired:
            raise ValueError(f"{fired[0].slug} fired: what follows would not be asked of it")
    return statistics.median(took)


def _presence(number: int) -> Presence:
    began = _AT - timedelta(seconds=30 + number)
    return Presence(
        id=f"presence-{number}",
        camera="cam_000",
        track_id=number,
        label="person",
        confidence=0.8,
        box=Box(100.0, 200.0, 160.0, 380.0),
        started_at=began,
        last_seen_at=_AT,
        frames=100,
        frame_width=1280,
        frame_height=720,
        zones=(ZoneStay("yard", began, 30.0, inside=True), ZoneStay("door", began, 5.0, inside=True)),
        path=tuple((0.2 + place / 100, 0.5 + (place % 2) / 50) for place in range(MAX_POINTS)),
        speed=1.0,
    )
