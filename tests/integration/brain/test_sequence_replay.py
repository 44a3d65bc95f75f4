"""Trying a sequence tells exactly the events that the brain raises of the same presences."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import delete, update

from services.brain.bootstrap import Brain
from shared.db.engine import SessionFactory
from shared.db.tables import Camera, DecisionRow, Event, OutboxRow, RuleFiring, RuleRow, SequenceHit
from shared.domain.presence import Presence, ZoneStay
from shared.messages.presences import PresenceBody, PresenceChanged, PresenceEnded, PresenceStarted
from shared.rules.hindsight import as_known_at
from shared.rules.replay import replay
from tests.integration.brain.conftest import AT, presence
from tests.integration.brain.test_presence_to_event import add_rule, drop_default_rule, events, handle
from tests.unit.rules.test_rule import rule

_END = AT + timedelta(hours=1)
_CONDITIONS: list[dict[str, Any]] = [
    {},
    {"labels": ["person"], "dwell_s": 4},
    {"zone": "Porch"},
    {"zone": "Porch", "dwell_s": 3},
    {"zone": "Porch", "passage": "enter"},
    {"zone": "Porch", "passage": "leave"},
    {"kind": "all", "conditions": [{"zone": "Porch"}, {"dwell_s": 5}]},
    {"kind": "line", "start": [0.5, 0.0], "end": [0.5, 1.0]},
]
_examples = itertools.count()

cameras = st.sampled_from(["gate", "door"])
steps = st.fixed_dictionaries({"camera": cameras, "condition": st.sampled_from(_CONDITIONS)})


@st.composite
def rules(draw: st.DrawFn) -> dict[str, Any]:
    """A sequence and a cooldown.

    Where there are many steps or next to no time, the brain may learn seconds later that somebody was at a step for
    longer. The event is the same, but another one may have silenced it by then: there nothing cools down.
    """
    chosen = draw(st.lists(steps, min_size=2, max_size=3))
    within_s = 26 - draw(st.integers(1, 25))
    cools = len(chosen) == 2 and within_s > 5
    return {
        "condition": {"kind": "sequence", "within_s": within_s, "steps": chosen},
        "cooldown_s": draw(st.sampled_from([0, 8, 20])) if cools else 0,
        "cooldown_per": draw(st.sampled_from(["camera", "rule", "track"])),
    }


@st.composite
def stays(draw: st.DrawFn) -> Presence:
    """Somebody at the gate or the door for a while, perhaps on its porch, perhaps across its line."""
    lasts_s = 20 - draw(st.integers(0, 20))  # most likely something happens
    started_at = AT + timedelta(seconds=draw(st.integers(0, 40)))
    ended_at = started_at + timedelta(seconds=lasts_s)
    path = draw(st.sampled_from([((0.1, 0.5), (0.3, 0.5), (0.6, 0.5), (0.9, 0.5)), ()]))
    known = presence(camera=draw(cameras), started_at=started_at, path=path).presence()
    entered_s = draw(st.integers(0, lasts_s) | st.none())
    if entered_s is None:
        return replace(known, last_seen_at=ended_at)
    left_s = draw(st.none() | st.integers(entered_s + 1, lasts_s) if entered_s < lasts_s else st.none())
    left_at = None if left_s is None else started_at + timedelta(seconds=left_s)
    entered_at = started_at + timedelta(seconds=entered_s)
    dwell_s = ((left_at or ended_at) - entered_at).total_seconds()
    stay = ZoneStay("Porch", entered_at, dwell_s, inside=left_at is None, left_at=left_at)
    return replace(known, last_seen_at=ended_at, zones=(stay,))


def told_by_second(known: Sequence[Presence]) -> Iterator[list[PresenceBody]]:
    """What the eye would have told of them, second by second."""
    for second in range(70):
        at = AT + timedelta(seconds=second)
        yield [
            kind.of(as_known_at(each, at), captured_at=at)
            for each in sorted(known, key=lambda each: (each.started_at, each.id))
            for kind in _kinds(each, at)
        ]


def _kinds(known: Presence, at: datetime) -> Iterator[type[PresenceBody]]:
    if known.started_at == at:
        yield PresenceStarted
    if known.started_at < at < known.last_seen_at:
        yield PresenceChanged
    if known.last_seen_at == at:
        yield PresenceEnded


@pytest.fixture
def gate_and_door(site: SessionFactory) -> SessionFactory:
    """A site with a second camera and one rule."""
    with site.begin() as session:
        values = {"name": "Gate", "url_encrypted": "", "url_masked": "", "options": {}, "created_at": AT}
        session.add(Camera(slug="gate", account_id=1, enabled=True, updated_at=AT, **values))
    drop_default_rule(site)
    add_rule(site, "walk")
    return site


@hypothesis_settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rules(), st.lists(stays(), min_size=4, max_size=12))
def test_what_is_tried_is_what_the_brain_raises(
    brain: Brain, gate_and_door: SessionFactory, wanted: dict[str, Any], drawn: list[Presence]
) -> None:
    example = next(_examples)
    known = [replace(each, id=f"{example}-{number}") for number, each in enumerate(drawn)]
    with gate_and_door.begin() as session:
        for table in (Event, OutboxRow, RuleFiring, SequenceHit, DecisionRow):
            session.execute(delete(table))
        camera = wanted["condition"]["steps"][-1]["camera"]
        session.execute(update(RuleRow).values(camera_slug=camera, **wanted))
    brain.site.refresh()
    for messages in told_by_second(known):
        if messages:
            handle(brain, *messages)
    raised = {(each.presence_id, each.occurred_at) for each in events(gate_and_door)}
    firings = list(replay(rule("walk", **wanted), known, since=AT, until=_END))
    assert {(each.presence.id, each.at) for each in firings if each.presence and not each.cooling} == raised
    event(f"{len(raised)} events, {sum(each.cooling for each in firings)} cooling")
